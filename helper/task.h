// Coroutines for the helper's one thread: Task<T> is a computation that waits for the event loop.
//
// A Task is lazy: it runs when awaited (co_await), handed to spawn(), or started by an owner that
// keeps it. It is owned by exactly one place; destroying an unfinished Task stops it: its frame
// goes and everything that is in it. Not from inside itself, though: a frame can only go while it
// waits. Not thread-safe; everything runs on the event loop's thread.
//
// GCC 12 miscompiles some temporaries inside a co_await expression: name the arguments first.
#pragma once

#include <coroutine>
#include <exception>
#include <list>
#include <optional>
#include <utility>
#include <variant>

namespace labgpu {

template <typename T>
class Task;

namespace task_detail {

struct PromiseBase {
  std::coroutine_handle<> continuation;

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> finished) noexcept {
      auto next = finished.promise().continuation;
      return next ? next : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  // A started task has nobody who would take the exception.
  void end_process_if_unawaited() const noexcept {
    if (!continuation) std::terminate();
  }
};

template <typename T>
struct Promise : PromiseBase {
  std::variant<std::monostate, T, std::exception_ptr> outcome;
  Task<T> get_return_object();
  template <typename Value>
  void return_value(Value&& value) {
    outcome.template emplace<1>(std::forward<Value>(value));
  }
  void unhandled_exception() {
    end_process_if_unawaited();
    outcome.template emplace<2>(std::current_exception());
  }
  T take() {
    if (outcome.index() == 2) std::rethrow_exception(std::get<2>(outcome));
    return std::move(std::get<1>(outcome));
  }
};

template <>
struct Promise<void> : PromiseBase {
  std::exception_ptr exception;
  Task<void> get_return_object();
  void return_void() {}
  void unhandled_exception() {
    end_process_if_unawaited();
    exception = std::current_exception();
  }
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace task_detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Runs it now up to where it first waits; the owner keeps the Task until done(), or destroys it
  // to stop it. Instead of awaiting it, and once.
  void start() { handle_.resume(); }
  [[nodiscard]] bool done() const { return !handle_ || handle_.done(); }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    handle_.promise().continuation = waiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  Handle handle_;
};

namespace task_detail {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

// A coroutine that owns itself and ends the process on an exception: nobody is left to take it.
struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

}  // namespace task_detail

// Starts `task` now and lets it run to its end on its own. What it refers to must outlive it.
inline void spawn(Task<void> task) {
  [](Task<void> owned) -> task_detail::Detached { co_await owned; }(std::move(task));
}

// One outcome that many coroutines wait for: the way concurrent requests share one piece of work.
// Waiters resume inside set(), in the order in which they came; one whose frame is destroyed before
// that is forgotten. Must outlive its waiters and the call of set().
template <typename T>
class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;

  [[nodiscard]] bool is_set() const { return value_.has_value(); }
  void set(T value) {
    value_ = std::move(value);
    // One at a time from the list: whoever resumes may destroy the frames of those behind it.
    while (!waiting_.empty()) {
      Awaiter* next = waiting_.front();
      waiting_.pop_front();
      next->registered = false;
      next->handle.resume();
    }
  }

  auto operator co_await() { return Awaiter(*this); }

 private:
  // Lives in the waiting coroutine's frame and leaves the list with it.
  struct Awaiter {
    explicit Awaiter(Shared& awaited) : shared(awaited) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() {
      if (registered) shared.waiting_.erase(position);
    }
    bool await_ready() const noexcept { return shared.is_set(); }
    void await_suspend(std::coroutine_handle<> waiter) {
      handle = waiter;
      position = shared.waiting_.insert(shared.waiting_.end(), this);
      registered = true;
    }
    T await_resume() { return *shared.value_; }

    Shared& shared;
    std::coroutine_handle<> handle;
    typename std::list<Awaiter*>::iterator position;
    bool registered = false;
  };

  std::optional<T> value_;
  std::list<Awaiter*> waiting_;
};

}  // namespace labgpu
