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

// Coroutines that wait, in the order in which they came. An entry is a part of the waiting frame
// and leaves the list when the frame is destroyed.
class WaitList {
 public:
  struct Entry {
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() { unlink(); }
    void unlink() {
      next->previous = previous;
      previous->next = next;
      next = previous = this;
    }
    Entry* next = this;
    Entry* previous = this;
    std::coroutine_handle<> handle;
  };

  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  [[nodiscard]] bool empty() const { return ends_.next == &ends_; }
  void add(Entry& entry, std::coroutine_handle<> handle) {
    entry.handle = handle;
    entry.next = &ends_;
    entry.previous = ends_.previous;
    ends_.previous->next = &entry;
    ends_.previous = &entry;
  }
  void resume_first() {
    Entry* first = ends_.next;
    first->unlink();
    first->handle.resume();
  }
  // Whoever resumes may destroy the frames of those behind it, and this list.
  void resume_all() {
    Entry due;  // takes the place of ends_ in the ring
    if (empty()) return;
    due.next = ends_.next;
    due.previous = ends_.previous;
    due.next->previous = due.previous->next = &due;
    ends_.next = ends_.previous = &ends_;
    while (due.next != &due) {
      Entry* first = due.next;
      first->unlink();
      first->handle.resume();
    }
  }

 private:
  Entry ends_;
};

// One outcome that many coroutines wait for: the way concurrent requests share one piece of work.
// Waiters resume inside set(); one whose frame is destroyed before that is forgotten. Must outlive
// its waiters; the last of them may destroy it.
template <typename T>
class Shared {
 public:
  [[nodiscard]] bool is_set() const { return value_.has_value(); }
  void set(T value) {
    value_ = std::move(value);
    waiting_.resume_all();
  }

  auto operator co_await() {
    struct Awaiter {
      Shared& shared;
      WaitList::Entry entry{};
      bool await_ready() const noexcept { return shared.is_set(); }
      void await_suspend(std::coroutine_handle<> handle) { shared.waiting_.add(entry, handle); }
      T await_resume() { return *shared.value_; }
    };
    return Awaiter{*this};
  }

 private:
  std::optional<T> value_;
  WaitList waiting_;
};

// Lets one coroutine at a time pass, in the order in which they came:
//   AsyncMutex::Guard guard = co_await mutex.lock();
// Must outlive its guards and waiters.
class AsyncMutex {
 public:
  class Guard {
   public:
    explicit Guard(AsyncMutex& mutex) : mutex_(&mutex) {}
    Guard(Guard&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (mutex_ != nullptr) mutex_->unlock();
    }

   private:
    AsyncMutex* mutex_;
  };

  auto lock() {
    struct Awaiter {
      AsyncMutex& mutex;
      WaitList::Entry entry{};
      bool await_ready() const noexcept { return !mutex.locked_; }
      void await_suspend(std::coroutine_handle<> handle) { mutex.waiting_.add(entry, handle); }
      Guard await_resume() {
        mutex.locked_ = true;
        return Guard(mutex);
      }
    };
    return Awaiter{*this};
  }

 private:
  // Resumes the next waiter from here, so the guard should be the last thing its holder lets go of.
  void unlock() {
    locked_ = false;
    if (!waiting_.empty()) waiting_.resume_first();
  }
  bool locked_ = false;
  WaitList waiting_;
};

// Tasks that run on their own and are stopped when the group goes.
class TaskGroup {
 public:
  TaskGroup() = default;
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  // The newest first: those that wait for an older one's lock are gone when it lets go of it.
  ~TaskGroup() {
    while (!tasks_.empty()) tasks_.pop_back();
  }
  void add(Task<void> task) {
    tasks_.remove_if([](const Task<void>& finished) { return finished.done(); });
    tasks_.push_back(std::move(task));
    tasks_.back().start();
  }

 private:
  std::list<Task<void>> tasks_;
};

}  // namespace labgpu
