// Drives the Verilated system: clock, bytes of the memory, requests of the host.
//
// Compiled with BEAT_BYTES and SETTINGS_BYTES; the exported functions are called by verilator.py.
// With WAVES, the signals of every cycle can be written to a file. With RECORD_WORDS, the port
// `record` of so many words can be kept, each time that it changes.

#include <cstdint>
#include <cstring>
#include <vector>

#include "Vppu_system.h"
#include "verilated.h"
#ifdef WAVES
#include "verilated_fst_c.h"
#endif

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Bench {
    VerilatedContext context;
    Vppu_system top{&context, ""};
    uint8_t *memory;
    uint64_t total = 0;

    explicit Bench(uint8_t *memory) : memory(memory) {}
#ifdef WAVES
    // The clock is low first, so that what the host sets shows half a cycle before its clock edge.
    static constexpr uint64_t HALF_PERIOD_NS = 5;
    VerilatedFstC waves;

    void open_waves(const char *path) {
        context.traceEverOn(true);
        top.trace(&waves, 99);
        waves.open(path);
    }
    void show(bool clock) {
        if (waves.isOpen()) waves.dump((2 * total + clock) * HALF_PERIOD_NS);
    }
    ~Bench() {
        show(false);
        waves.close();
        top.final();
    }
#else
    void show(bool) {}
    ~Bench() { top.final(); }
#endif
#ifdef RECORD_WORDS
    // Entries of the cycle, its lower word first, and the record from then on.
    std::vector<uint32_t> kept;
    bool recording = false;

    void look() {
        constexpr size_t bytes = RECORD_WORDS * sizeof(uint32_t);
        const auto *now = reinterpret_cast<const uint32_t *>(&top.record);
        if (!recording) return;
        if (!kept.empty() && !std::memcmp(kept.data() + kept.size() - RECORD_WORDS, now, bytes)) return;
        kept.push_back(uint32_t(total));
        kept.push_back(uint32_t(total >> 32));
        kept.insert(kept.end(), now, now + RECORD_WORDS);
    }
#else
    void look() {}
#endif

    // One clock edge. The memory answers a read at the edge with the word as it was before.
    void step() {
        uint8_t word[BEAT_BYTES];
        const bool read = top.storage_read_en;
        if (read) std::memcpy(word, memory + uint64_t(top.storage_read_word) * BEAT_BYTES, BEAT_BYTES);
        if (const uint64_t strobe = top.storage_write_strobe) {
            uint8_t *target = memory + uint64_t(top.storage_write_word) * BEAT_BYTES;
            const auto *data = reinterpret_cast<const uint8_t *>(&top.storage_write_data);
            for (int lane = 0; lane < BEAT_BYTES; ++lane)
                if (strobe >> lane & 1) target[lane] = data[lane];
        }
        show(false);
        look();
        top.clk = 1;
        top.eval();
        if (read) std::memcpy(&top.storage_read_data, word, BEAT_BYTES);
#ifdef WAVES
        top.eval();  // what follows from the word that was read shows at the clock edge
#endif
        show(true);
        top.clk = 0;
        top.eval();
        ++total;
    }
};

}  // namespace

EXPORT void *ppu_open(uint8_t *memory) {
    auto *bench = new Bench(memory);
    bench->top.clk = 0;
    bench->top.eval();
    return bench;
}

#ifdef WAVES
EXPORT void ppu_waves(void *handle, const char *path) {
    static_cast<Bench *>(handle)->open_waves(path);
}
#endif

#ifdef RECORD_WORDS
// Forgets what is recorded, and goes on recording or stops.
EXPORT void ppu_record(void *handle, int on) {
    auto *bench = static_cast<Bench *>(handle);
    bench->kept.clear();
    bench->recording = on;
}

// Returns the words recorded, and where they are until the next call of any function.
EXPORT uint64_t ppu_recorded(void *handle, const uint32_t **words) {
    auto *bench = static_cast<Bench *>(handle);
    *words = bench->kept.data();
    return bench->kept.size();
}
#endif

EXPORT void ppu_close(void *handle) { delete static_cast<Bench *>(handle); }

EXPORT void ppu_configure(void *handle, const uint8_t *settings) {
    auto &top = static_cast<Bench *>(handle)->top;
    std::memcpy(&top.settings, settings, SETTINGS_BYTES);
    top.eval();
}

// Returns the response of the access, or -1 if there was none within `limit` cycles.
EXPORT int ppu_access(void *handle, int write, int start, uint32_t address, uint32_t *data,
                      uint64_t limit) {
    auto *bench = static_cast<Bench *>(handle);
    auto &top = bench->top;
    top.host_write = write;
    top.host_start = start;
    top.host_address = address;
    top.host_write_data = *data;
    top.host_valid = 1;
    top.eval();
    do {
        if (!limit--) return -1;
        bench->step();
    } while (!top.host_done);
    top.host_valid = 0;
    top.eval();
    bench->step();
    *data = top.host_data;
    return top.host_response;
}

// Runs until the interrupt is high. Returns whether it is.
EXPORT int ppu_wait(void *handle, uint64_t limit) {
    auto *bench = static_cast<Bench *>(handle);
    while (limit-- && !bench->top.irq) bench->step();
    return bench->top.irq;
}

EXPORT void ppu_advance(void *handle, uint64_t cycles) {
    auto *bench = static_cast<Bench *>(handle);
    while (cycles--) bench->step();
}

EXPORT uint64_t ppu_cycles(void *handle) { return static_cast<Bench *>(handle)->top.cycles; }

EXPORT uint64_t ppu_total(void *handle) { return static_cast<Bench *>(handle)->total; }

EXPORT uint32_t ppu_breaches(void *handle) { return static_cast<Bench *>(handle)->top.breaches; }
