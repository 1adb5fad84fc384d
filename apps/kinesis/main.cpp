#include "commands.hpp"

#include <csignal>

int main(int argc, char** argv) {
  // A reader that goes away is a failed write, which says so, and not the end of the process in the middle of a
  // checkpoint.
  std::signal(SIGPIPE, SIG_IGN);
  return kinesis::tool::run_command_line(argc, argv);
}
