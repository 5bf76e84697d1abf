// What the main thread waits for, in one place: a signal to end, the end of the flow, somebody
// who wants something of it, or a time.
//
// Threads: one object at a time, made in main() and waited on there; flow_finished() and wake() from any.
// While it lives, SIGTERM and SIGINT are caught. By a handler: blocking them would leave out threads that
// libraries started before main(). One that came and was not waited for is the next object's.
#pragma once

#include <chrono>

namespace wayside::app {

class MainEvents {
 public:
  MainEvents();
  ~MainEvents();
  MainEvents(const MainEvents&) = delete;
  MainEvents& operator=(const MainEvents&) = delete;

  void flow_finished();
  // Ends a wait.
  void wake();
  // Until something new happened or the limit has passed.
  void wait(std::chrono::milliseconds limit);
  [[nodiscard]] bool told_to_end() const { return told_to_end_; }
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  int signals_ = -1;
  int flow_ = -1;
  int woken_ = -1;
  bool told_to_end_ = false;
  bool finished_ = false;
};

}  // namespace wayside::app
