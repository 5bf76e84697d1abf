// A commissioned view's file: as it comes, and with its length and checksum put right, so that what lies
// behind them is reached.
#include <cmath>

#include "wayside/anpr/sight/view.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace {

void look(wayside::ByteView bytes) {
  const auto view = wayside::decode_view(bytes);
  if (!view) return wayside::fuzz::require_good(view.error());
  wayside::fuzz::require(view->pattern.cols == wayside::View::width, "a view has its size");
  wayside::fuzz::require(std::isfinite(view->sharpness.value_or(0)), "sharpness is a number");
  wayside::fuzz::require(view->plates_unread <= view->plates, "no more are unread than passed");
  const auto compared = wayside::compare(*view, *view);
  wayside::fuzz::require(compared.alike > 0.99 || compared.structure == 0, "a view is like itself");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  look({data, size});
  wayside::Bytes whole(20 + std::size_t{2} * wayside::View::width * wayside::View::height);
  std::copy_n(data, std::min(size, whole.size()), whole.begin());
  const std::uint32_t hash = wayside::crc32c(wayside::ByteView(whole).subspan(8));
  for (std::size_t i = 0; i < 4; ++i)
    whole[4 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
  look(whole);
  return 0;
}
