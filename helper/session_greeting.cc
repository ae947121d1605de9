// Greet: what a person is told who has logged in.
#include <utility>
#include <vector>

#include "helper/session_connection.h"

namespace labgpu {

SessionServer::Next SessionServer::greet(Connection& connection, Packet& packet) {
  Greet request;
  if (parse_packet(packet, request) != 0) return Next::kClose;
  if (request.language > static_cast<uint8_t>(GreetingLanguage::kChinese)) {
    return refuse(connection, failure(FailureCode::kInvalid, "labgpu knows no such language"));
  }
  auto account = accounts_.find(connection.peer.uid);
  auto language = static_cast<GreetingLanguage>(request.language);
  start_work(connection, tell_greeting(connection, account, language));
  return Next::kKeep;
}

Task<void> SessionServer::tell_greeting(Connection& connection, AccountPointer account,
                                        GreetingLanguage language) {
  auto greeting = greeter_.greet(account, language, count_of(account->name));
  std::string text = co_await greeting;
  constexpr size_t kRest = 16;  // the length of the text
  std::vector<unsigned char> buffer(Greeting::kMaxText + kRest);
  // The connection ends anyhow, whether this goes out or not.
  [[maybe_unused]] int error =
      send_message(connection.socket.get(), Greeting{text}, buffer, Deadline::after_ms(0));
  close_later(connection);
}

}  // namespace labgpu
