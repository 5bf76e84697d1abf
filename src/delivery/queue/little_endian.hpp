// Numbers in the queue's bytes: those of base, under the queue's name.
#pragma once

#include "wayside/base/little_endian.hpp"

namespace wayside::flash {

using little_endian::get;
using little_endian::put;

}  // namespace wayside::flash
