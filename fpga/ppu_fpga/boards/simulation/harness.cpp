// Runs a board's Verilated top: its clock, and the bits of its serial line at a pseudo-terminal.
//
// Called with the cycles of a bit. Prints the terminal's name. On its standard input, each "b"
// presses the reset button for some cycles; at its end, the harness prints what it counted, as JSON,
// and ends. While nothing happens on the line and the core is not busy, the clock stands still.

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "Vboard.h"
#include "verilated.h"

namespace {

constexpr uint64_t LOOK_CYCLES = 256;       // between two looks at the terminal
constexpr uint64_t COMMAND_CYCLES = 16384;  // and at the standard input
constexpr uint64_t QUIET_CYCLES = 100000;   // until the clock stands still
constexpr uint64_t PRESS_CYCLES = 1000;
constexpr int SLEEP_MS = 20;
constexpr int BUSY = 1;  // bit of `lamps`

int open_terminal() {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master)) return -1;
    // Kept open: without a slave, the master has nobody to read from.
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    termios settings;
    if (slave < 0 || tcgetattr(slave, &settings)) return -1;
    cfmakeraw(&settings);
    if (tcsetattr(slave, TCSANOW, &settings) || fcntl(master, F_SETFL, O_NONBLOCK)) return -1;
    return master;
}

// The host's end of the line: bytes of the terminal as bits, and back.
class Line {
public:
    Line(int terminal, unsigned divisor) : terminal(terminal), divisor(divisor) {}

    // The next level of the board's input, one for each cycle.
    bool next_bit() {
        if (left) {
            --left;
        } else if (frame > 1) {
            frame >>= 1;
            left = divisor - 1;
        } else if (position < input.size()) {
            frame = 0x600 | uint8_t(input[position++]) << 1;  // mark, stop bit, data, start bit
            left = divisor - 1;
        }
        return frame & 1;
    }

    // Takes the level of the board's output, of each cycle.
    void sample(bool level) {
        if (bits < 0) {
            if (!level) {
                bits = 0;
                until = divisor + divisor / 2 - 1;
            }
        } else if (until) {
            --until;
        } else if (bits < 8) {
            byte = byte >> 1 | level << 7;
            ++bits;
            until = divisor - 1;
        } else {
            if (level) output += char(byte);
            else ++framing_errors;
            bits = -1;
        }
    }

    // Exchanges bytes with the terminal; whether there is anything to do.
    bool look() {
        if (position == input.size()) {
            input.resize(4096);
            const ssize_t count = read(terminal, input.data(), input.size());
            input.resize(count > 0 ? count : 0);
            position = 0;
        }
        if (!output.empty()) {
            const ssize_t count = write(terminal, output.data(), output.size());
            if (count > 0) output.erase(0, count);
        }
        return position < input.size() || frame > 1 || bits >= 0 || !output.empty();
    }

    uint64_t framing_errors = 0;

private:
    const int terminal;
    const unsigned divisor;
    std::string input, output;
    size_t position = 0;
    unsigned frame = 1, left = 0, byte = 0, until = 0;
    int bits = -1;  // data bits of the byte that is coming; -1: none is
};

// Whether the standard input goes on; counts its "b".
bool command(unsigned &presses) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (poll(&input, 1, 0) > 0) {
        char letter;
        if (read(STDIN_FILENO, &letter, 1) <= 0) return false;
        presses += letter == 'b';
    }
    return true;
}

}  // namespace

int main(int count, char **arguments) {
    const int terminal = open_terminal();
    const int divisor = count > 1 ? atoi(arguments[1]) : 0;
    if (terminal < 0 || divisor < 1) return 1;
    printf("%s\n", ptsname(terminal));
    fflush(stdout);

    VerilatedContext context;
    context.commandArgs(count, arguments);
    Vboard top{&context, ""};
    Line line(terminal, divisor);
    uint64_t cycles = 0, used = 0, pressed_until = 0;
    unsigned presses = 0;
    double seconds = 0;
    auto began = std::chrono::steady_clock::now();
    const auto stop_watch = [&] {
        const auto now = std::chrono::steady_clock::now();
        seconds += std::chrono::duration<double>(now - began).count();
        began = now;
    };
    while (!context.gotFinish()) {
        top.rx = line.next_bit();
        top.button = cycles < pressed_until;
        top.clk = 1;
        top.eval();
        top.clk = 0;
        top.eval();
        line.sample(top.tx);
        if (++cycles % LOOK_CYCLES) continue;
        if (line.look() || top.lamps & BUSY) used = cycles;
        const bool quiet = cycles - used > QUIET_CYCLES;
        if (!quiet && cycles % COMMAND_CYCLES) continue;
        if (!command(presses)) break;
        if (presses) {
            presses = 0;
            used = cycles;
            pressed_until = cycles + PRESS_CYCLES;
        } else if (quiet) {
            stop_watch();
            pollfd wait[] = {{terminal, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
            poll(wait, 2, SLEEP_MS);
            began = std::chrono::steady_clock::now();
        }
    }
    stop_watch();
    printf("{\"cycles\": %llu, \"seconds\": %.3f, \"errors\": %u, \"framing_errors\": %llu, "
           "\"lamps\": %u}\n", (unsigned long long)cycles, seconds, unsigned(top.errors),
           (unsigned long long)line.framing_errors, unsigned(top.lamps));
    top.final();
    return 0;
}
