// Drives the Verilated system: clock, bytes of the memory, requests of the host.
//
// Compiled with BEAT_BYTES and SETTINGS_BYTES; the exported functions are called by verilator.py.

#include <cstdint>
#include <cstring>

#include "Vppu_system.h"
#include "verilated.h"

#define EXPORT extern "C" __attribute__((visibility("default")))

namespace {

struct Bench {
    VerilatedContext context;
    Vppu_system top{&context};
    uint8_t *memory;
    uint64_t total = 0;

    explicit Bench(uint8_t *memory) : memory(memory) {}
    ~Bench() { top.final(); }

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
        top.clk = 1;
        top.eval();
        if (read) std::memcpy(&top.storage_read_data, word, BEAT_BYTES);
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
