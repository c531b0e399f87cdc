import Glibc
import OrreryBase
import OrreryHost
import Testing

/// A fresh folder that is removed with everything in it.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/orrery-host-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    for name in ["trace", "trace.partial", "other", "closed", "hard", "soft", "pipe"] { unlink("\(path)/\(name)") }
    rmdir("\(path)/folder")
    rmdir(path)
  }

  func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
}

@Suite struct AtomicFileTests {
  let folder = TemporaryFolder()

  @Test func theNameAppearsOnlyWithCommit() throws {
    let file = try AtomicFile(path: "\(folder.path)/trace", keepsPartial: true)
    try file.write([1, 2, 3])
    #expect(!folder.exists("trace"))
    #expect(folder.exists("trace.partial"))
    try file.commit()
    #expect(!folder.exists("trace.partial"))
    #expect(try InputFile.contents(of: "\(folder.path)/trace", limit: 10) == [1, 2, 3])
  }

  @Test func anAbandonedTraceKeepsItsBeginningAndTheOldFile() throws {
    try AtomicFile.write([9], to: "\(folder.path)/trace")
    do {
      let file = try AtomicFile(path: "\(folder.path)/trace", keepsPartial: true)
      try file.write([1, 2])
    }
    #expect(try InputFile.contents(of: "\(folder.path)/trace", limit: 10) == [9])
    #expect(try InputFile.contents(of: "\(folder.path)/trace.partial", limit: 10) == [1, 2])
  }

  @Test func anAbandonedOutputLeavesNothing() throws {
    do {
      let file = try AtomicFile(path: "\(folder.path)/other", keepsPartial: false)
      try file.write([1])
    }
    #expect(!folder.exists("other.partial"))
    #expect(!folder.exists("other"))
  }

  @Test func aLinkIsFollowedAndStays() throws {
    try AtomicFile.write([9], to: "\(folder.path)/other")
    symlink("other", "\(folder.path)/soft")
    let file = try AtomicFile(path: "\(folder.path)/soft", keepsPartial: true)
    try file.write([1, 2])
    #expect(try InputFile.contents(of: "\(folder.path)/other", limit: 10) == [9])
    try file.commit()
    #expect(try InputFile.contents(of: "\(folder.path)/other", limit: 10) == [1, 2])
    var status = stat()
    #expect(lstat("\(folder.path)/soft", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(!folder.exists("other.partial") && !folder.exists("soft.partial"))
  }

  @Test func aLinkToNothingIsRefused() {
    symlink("nowhere", "\(folder.path)/soft")
    let error = #expect(throws: HostError.self) {
      _ = try AtomicFile(path: "\(folder.path)/soft", keepsPartial: true)
    }
    #expect(error?.problem == "it is a link to a file that is not there")
    #expect(!folder.exists("nowhere.partial") && !folder.exists("soft.partial"))
  }

  /// Opening a pipe would wait for the other end, for ever if there is none.
  @Test func aPipeIsRefusedAtOnce() {
    let path = "\(folder.path)/pipe"
    mkfifo(path, 0o600)
    let output = #expect(throws: HostError.self) { _ = try AtomicFile(path: path, keepsPartial: true) }
    #expect(output?.problem == "it is a pipe")
    let input = #expect(throws: HostError.self) { _ = try InputFile(path: path) }
    #expect(input?.problem == "it is not a regular file")
  }

  @Test func aFolderIsRefusedByName() {
    mkdir("\(folder.path)/folder", 0o700)
    let path = "\(folder.path)/folder"
    let error = #expect(throws: HostError.self) { _ = try AtomicFile(path: path, keepsPartial: true) }
    #expect(error?.path == path)
    #expect(error?.problem == "it is a folder")
  }

  @Test func aMissingFolderIsRefused() {
    let path = "\(folder.path)/none/trace"
    let error = #expect(throws: HostError.self) { _ = try AtomicFile(path: path, keepsPartial: true) }
    #expect(error?.remedy.contains("every folder in it must exist") == true)
  }

  @Test func aFullDiskIsReportedAndNothingIsRenamed() throws {
    let file = try AtomicFile(path: "/dev/full", keepsPartial: true)
    let error = #expect(throws: HostError.self) { try file.write([1, 2, 3]) }
    #expect(error?.problem.contains("No space left on device") == true)
  }

  @Test func aDeviceIsWrittenDirectlyAndStaysADevice() throws {
    try AtomicFile.write([1], to: "/dev/null")
    var status = stat()
    #expect(stat("/dev/null", &status) == 0)
    #expect(status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func twoWritersOfOneNameDoNotMix() throws {
    let first = try AtomicFile(path: "\(folder.path)/trace", keepsPartial: true)
    try first.write([1])
    #expect(throws: HostError.self) { _ = try AtomicFile(path: "\(folder.path)/trace", keepsPartial: true) }
    try first.write([2])
    try first.commit()
    #expect(try InputFile.contents(of: "\(folder.path)/trace", limit: 10) == [1, 2])
  }

  @Test func readingIsBoundedByTheFile() throws {
    try AtomicFile.write([1, 2, 3, 4], to: "\(folder.path)/other")
    let file = try InputFile(path: "\(folder.path)/other")
    #expect(try file.read(offset: 2, count: .max) == [3, 4])
    #expect(try file.read(offset: .max, count: 5) == [])
    #expect(throws: HostError.self) { try InputFile.contents(of: "\(folder.path)/other", limit: 3) }
  }

  @Test func aFolderCannotBeRead() {
    let error = #expect(throws: HostError.self) { _ = try InputFile(path: "/tmp") }
    #expect(error?.problem == "it is a folder")
  }

  @Test func aFileBeingReadIsNotReplacedUnderAnyName() throws {
    let (other, hard, soft) = ("\(folder.path)/other", "\(folder.path)/hard", "\(folder.path)/soft")
    try AtomicFile.write([1, 2, 3], to: other)
    #expect(link(other, hard) == 0 && symlink(other, soft) == 0)
    let source = try InputFile(path: other)
    for path in [other, hard, soft] {
      let error = #expect(throws: HostError.self) {
        _ = try AtomicFile(path: path, keepsPartial: true, sparing: [source])
      }
      #expect(error?.path == path && error?.problem.contains("being read") == true)
    }
    // Neither is it emptied through the name of the partial file.
    #expect(symlink(other, "\(folder.path)/trace.partial") == 0)
    #expect(throws: HostError.self) {
      _ = try AtomicFile(path: "\(folder.path)/trace", keepsPartial: true, sparing: [source])
    }
    #expect(try InputFile.contents(of: other, limit: 10) == [1, 2, 3])
    #expect(!folder.exists("soft.partial") && !folder.exists("hard.partial"))
  }

  @Test func aNameWithoutLettersIsNoFile() {
    let error = #expect(throws: HostError.self) { _ = try InputFile(path: "") }
    #expect(error?.description == "'': an empty name names no file; name the file to read")
  }
}
