// The models and the syntax that ship, for tests of what runs them.
#pragma once

#include <memory>
#include <stdexcept>

#include "wayside/anpr/model/model_store.hpp"
#include "wayside/anpr/read/vrm_syntax.hpp"

#include "tests/doubles/drawn_plate.hpp"

namespace wayside::doubles {

inline ModelStore installed_models() {
  auto opened = ModelStore::open(source_folder() / "models");
  if (!opened) throw std::runtime_error(opened.error().message);
  return std::move(*opened);
}

inline std::shared_ptr<const VrmSyntax> installed_syntax() {
  auto loaded = VrmSyntax::load(source_folder() / "models/vrm/uk.toml");
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return std::make_shared<const VrmSyntax>(std::move(*loaded));
}

}  // namespace wayside::doubles
