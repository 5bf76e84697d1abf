#include "src/app/office/commands.hpp"

namespace wayside::app::office {

void add_update_commands(CLI::App& app, Arguments& arguments, const AddTo& add_to) {
  CLI::App* updates = app.add_subcommand(
      "update", "Give cameras new systems, which they fetch, install and try by themselves");
  updates->require_subcommand(1);
  CLI::App* sub = add_to(*updates, "add", "Take a bundle in, to be given to cameras", add_update);
  sub->add_option(
         "--offer", arguments.offer,
         "wayside.update, as the image's build wrote it; the bundle lies beside it under the same name "
         "with .raucb")
      ->required();
  sub->footer(
      "Copied into DIR/updates once its length and hash are what the offer says. Who signed it each camera\n"
      "checks for itself. Another bundle of a version that is there is taken in once that one was removed.\n"
      "Example: wayside-backoffice update add office --offer build/image/raspberrypi4/wayside.update");
  const auto add_board = [&](CLI::App* command) {
    command
        ->add_option("--compatible", arguments.compatible, "The board it is for, as in wayside-raspberrypi4")
        ->required();
  };
  const auto add_version = [&](CLI::App* command) {
    command->add_option("--version", arguments.version, "The bundle's version, as update list says")
        ->required();
  };
  const auto add_for_cameras = [&](const char* name, const char* help, Status (*work)(const Arguments&)) {
    CLI::App* command = add_to(*updates, name, help, work);
    add_board(command);
    CLI::Option* device =
        command
            ->add_option("--device", arguments.devices,
                         "Device id of each camera, 16 hex digits; again for more")
            ->allow_extra_args(false);
    command->add_flag("--all", arguments.all, "Every camera of that board")->excludes(device);
    command->callback([device, &arguments] {
      if (device->count() == 0 && !arguments.all) throw CLI::RequiredError("--device or --all");
    });
    return command;
  };
  sub =
      add_for_cameras("give", "Give cameras a bundle, in place of what they were given before", give_update);
  add_version(sub);
  sub->add_option(
      "--not-before", arguments.not_before,
      "UTC date or time, as in 2026-12-01T02:00Z, from which it may be installed; at once, if not "
      "given");
  sub->footer(
      "A camera fetches it after its next heartbeat, over HTTPS and no faster than its update.kib_per_s, "
      "installs\n"
      "it, restarts, and goes back to what ran before unless the new one does its work. What is given to "
      "one\n"
      "camera comes before what is given to all. An older version than runs is refused. Works while "
      "serving.\n"
      "Example: wayside-backoffice update give office --version 1.4.0 --compatible wayside-raspberrypi4\n"
      "           --device 0123456789abcdef --not-before 2026-12-01T02:00Z");
  sub = add_for_cameras("withdraw", "Give it to them no longer", withdraw_update);
  sub->footer(
      "A camera that has not begun to install it lets go of it. Works while serving.\n"
      "Example: wayside-backoffice update withdraw office --compatible wayside-raspberrypi4 --all");
  sub = add_to(*updates, "remove", "Let go of a bundle that nobody is given", remove_update);
  add_version(sub);
  add_board(sub);
  sub->footer(
      "Refused while it is given to anyone. That it was there stays on record. Works while serving.\n"
      "Example: wayside-backoffice update remove office --version 1.4.0 --compatible wayside-raspberrypi4");
  sub = add_to(*updates, "list",
               "Print the bundles there are, who is given which, and what cameras said last of theirs",
               list_updates);
  sub->footer("Example: wayside-backoffice update list office");
}

}  // namespace wayside::app::office
