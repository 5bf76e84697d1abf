#include <cstdio>
#include <utility>

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include "wayside/backoffice/export.hpp"
#include "wayside/backoffice/ingest.hpp"
#include "wayside/backoffice/server.hpp"
#include "wayside/base/files.hpp"
#include "wayside/base/log.hpp"

#include "src/app/office/commands.hpp"

namespace wayside::app::office {

namespace {

void print_pass(const std::string& document) {
  const auto pass = backoffice::summarise(document);
  if (!pass) return;  // what has been stored has been validated
  fmt::print("{}\n", backoffice::to_line(*pass));
  std::fflush(stdout);
}

// Before any thread is started, so that none of them is interrupted and wait_for_stop() gets the signal.
sigset_t block_stop_signals() {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
  return stop_signals;
}

void wait_for_stop(const sigset_t& stop_signals) {
  int signal_number = 0;
  sigwait(&stop_signals, &signal_number);
  log::info("stopping", {{"signal", signal_number}});
}

}  // namespace

Status serve(const Arguments& arguments) {
  const sigset_t stop_signals = block_stop_signals();
  if (!arguments.port_file.empty()) {
    const auto allowed = check_output(arguments.port_file, arguments.folder);
    if (!allowed) return allowed;
  }
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  backoffice::ServerOptions options{arguments.listen, arguments.port, {}};
  if (arguments.watch) options.on_record = print_pass;
  auto server = backoffice::Server::start(office->authority, *office->store, std::move(options));
  if (!server) return fail(server.error());
  if (!arguments.port_file.empty()) {
    const auto written =
        replace_file(arguments.port_file, as_bytes(std::to_string((*server)->port()) + "\n"));
    if (!written) return written;
  }
  log::info("serving", {{"url", (*server)->url()}});
  wait_for_stop(stop_signals);
  server->reset();
  return {};
}

Status ingest(const Arguments& arguments) {
  const sigset_t stop_signals = block_stop_signals();
  ::signal(SIGPIPE, SIG_IGN);  // libmosquitto writes to connections that a broker has closed
  const auto office = open_office(arguments.folder);
  if (!office) return fail(office.error());
  backoffice::IngestOptions options{arguments.broker};
  if (arguments.watch) options.on_record = print_pass;
  auto running = backoffice::Ingest::start(office->authority, *office->store, std::move(options));
  if (!running) return fail(running.error());
  wait_for_stop(stop_signals);
  running->reset();
  return {};
}

}  // namespace wayside::app::office
