// Which Sojourn a built file is of, for who looks at the file and does not run it: an ELF note that linking, stripping and the
// linker's removal of unused sections leave in (elf(5), Nhdr). The text is Identity/Release's; a test holds them together.
#include <stdint.h>

__attribute__((used, section(".note.sojourn"), aligned(4))) static const struct {
  uint32_t name_size, text_size, type;
  char name[8], text[16];
} version_note = {sizeof version_note.name, sizeof version_note.text, 1, "Sojourn", "0.1.0"};
