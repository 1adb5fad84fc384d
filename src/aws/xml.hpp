#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// As much XML as STS and CloudWatch answer with: elements and text. Attributes are skipped, name spaces ignored,
// document types refused.
namespace kinesis::aws {

/// Reads a document event by event. Bounded: 32 levels, and no entity but the five of XML and character references.
class XmlScanner {
 public:
  enum class Event {
    start,  ///< `name` is open.
    end,    ///< `name` is closed; `text` is what stood in it outside of other elements.
    done,   ///< The document is over.
    error,  ///< It is not XML, or not of this kind. What every later call gives too.
  };

  explicit XmlScanner(std::string_view document) noexcept : rest_(document) {}

  Event next();
  /// Without a name-space prefix. A part of the document.
  std::string_view name() const noexcept { return name_; }
  /// Entities replaced. Valid until the next call.
  const std::string& text() const noexcept { return text_; }

 private:
  struct Open {
    std::string_view qualified;  // as it must be closed
    std::string text;
  };

  Event fail() noexcept;
  Event open_tag();
  Event close_tag();
  Event close(std::string_view qualified);
  bool skip_markup();
  bool append_text(std::string_view raw);

  std::string_view rest_;
  std::string_view name_;
  std::string text_;
  std::vector<Open> open_;
  bool self_closing_ = false;
  bool seen_root_ = false;
  bool failed_ = false;
};

/// Appends `text` with what XML forbids replaced by entities; controls that no XML can hold become U+FFFD.
void append_xml_text(std::string& out, std::string_view text);

}  // namespace kinesis::aws
