import ArgumentParser
import Orrery
import OrreryHost
import OrreryImage
import OrreryScenario
import OrreryTrace

/// A trace that is named on the command line.
struct TraceArgument {
  let path: String
  let reader: TraceReader

  init(_ path: String) throws {
    self.path = path
    do throws(HostError) {
      let source = try FileTraceSource(path: path)
      do throws(TraceError) { reader = try TraceReader(source: source) } catch {
        throw CommandFailure(trace: path, error)
      }
    } catch {
      let partial = path + ".partial"
      if (try? InputFile(path: partial)) != nil {
        throw CommandFailure(
          "error: \(error)\nits recording was cut short; what there is of it can be read: \(partial)")
      }
      throw CommandFailure(error)
    }
  }

  /// The trace's header, complete.
  func header() throws -> TraceHeader {
    do throws(TraceError) { return try reader.header() } catch { throw CommandFailure(trace: path, error) }
  }

  /// Words for its events: functions by the symbols of the image in it, keys by name.
  func rendering() -> EventRendering {
    let image = (try? reader.header()).flatMap { try? KernelImage(bytes: $0.image) }
    guard let image else { return EventRendering(keyName: KeyNames.name(of:)) }
    return EventRendering(symbolizer: ImageSymbolizer(image), keyName: KeyNames.name(of:))
  }

  /// Notes on standard error what is damaged, and that it was cut short.
  func noteDamage() {
    for damage in reader.damage { Console.current.note("\(path): \(damage)") }
    if !reader.isComplete { Console.current.note("\(path): the recording was cut short; this is its beginning") }
  }
}
