import Glibc
import OrreryBase
import OrreryHost
import OrreryTrace

/// A fresh folder of traces, removed with all of them.
final class TraceFolder {
  let path: String
  private var names: [String] = []

  init() {
    var template = Array("/tmp/orrery-commands-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    for name in names { unlink(file(name)) }
    rmdir(path)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes `bytes` to a file and gives its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    names.append(name)
    try AtomicFile.write(bytes, to: file(name))
    return file(name)
  }

  /// Writes a trace of `events` and gives its path.
  @discardableResult
  func trace(
    _ name: String, _ events: [(Clock, Payload)], image: [UInt8] = [], lanes: LaneSet = .all,
    end: RunEnd? = RunEnd(reason: .debugExit, text: "exit", steps: 9, clock: 99, exitValue: 16)
  ) throws -> String {
    let sink = MemoryTraceSink()
    let header = TraceHeader(
      revision: "pc-1", configuration: [TraceHeader.Setting("frequency", "1000")], lanes: lanes, image: image)
    let writer = try TraceWriter(header: header, sink: sink)
    for (clock, payload) in events { try writer.append(payload, clock: clock) }
    if let end { try writer.finish(end) } else { try writer.flush() }
    return try write(name, sink.bytes)
  }
}
