// A thread that tools can name: top -H, gdb and /proc show what each one is for.
#pragma once

#include <string>
#include <thread>
#include <utility>

#include <pthread.h>

namespace wayside::app {

// At most 15 characters (pthread_setname_np); body takes a std::stop_token.
template <class Body>
[[nodiscard]] std::jthread named_thread(std::string name, Body body) {
  return std::jthread([name = std::move(name), body = std::move(body)](std::stop_token stop) mutable {
    pthread_setname_np(pthread_self(), name.c_str());
    body(std::move(stop));
  });
}

}  // namespace wayside::app
