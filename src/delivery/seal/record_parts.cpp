#include "wayside/delivery/seal/record_parts.hpp"

#include "wayside/base/secret.hpp"

namespace wayside {

void wipe(RecordParts& parts) {
  wipe(parts.document);
  wipe(parts.plate);
  wipe(parts.overview);
  wipe(parts.pseudonymous);
}

}  // namespace wayside
