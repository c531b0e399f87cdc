import OrreryHost
import Synchronization
import Testing

@Suite struct ParallelWorkTests {
  @Test(arguments: [1, 3, 64])
  func resultsComeInTheOrderOfThePieces(threads: Int) {
    let work = ParallelWork(count: 200, threads: threads) { index -> Int in
      // Later pieces are the shorter ones.
      var sum = 0
      for number in 0..<(200 - index) * 1_000 { sum &+= number }
      return sum < 0 ? -1 : index
    }
    var results: [Int] = []
    while !work.isFinished {
      if let result = work.next(timeoutMilliseconds: 100) { results.append(result) }
    }
    #expect(results == Array(0..<200))
    #expect(work.doneCount == 200)
    work.cancel()
  }

  @Test func everyPieceIsDoneOnce() {
    let counts = Mutex([Int](repeating: 0, count: 100))
    let work = ParallelWork(count: 100, threads: 8) { index in counts.withLock { $0[index] += 1 } }
    while !work.isFinished { _ = work.next(timeoutMilliseconds: 100) }
    #expect(counts.withLock { $0 } == [Int](repeating: 1, count: 100))
    work.cancel()
  }

  @Test func nothingIsBegunAfterACancellation() {
    let begun = Atomic(0)
    let isOpen = Atomic(false)
    let work = ParallelWork(count: 1_000, threads: 2) { _ in
      begun.add(1, ordering: .relaxed)
      while !isOpen.load(ordering: .acquiring) {}
    }
    #expect(work.next(timeoutMilliseconds: 1) == nil)
    isOpen.store(true, ordering: .releasing)
    work.cancel()
    let count = begun.load(ordering: .relaxed)
    #expect(work.doneCount == count)
  }

  @Test func workWithoutPiecesIsFinished() {
    let work = ParallelWork(count: 0, threads: 4) { $0 }
    #expect(work.isFinished && work.next(timeoutMilliseconds: 1) == nil)
  }
}

@Suite struct ShellCommandTests {
  @Test func outputAndCodeAreTheCommands() throws {
    let result = try ShellCommand("pwd; echo error >&2; exit 7", in: "/usr/..").run()
    #expect(result.code == 7 && String(decoding: result.output, as: UTF8.self) == "/\nerror\n")
  }

  @Test func signalIsToldAsShellsDo() throws {
    #expect(try ShellCommand("kill -9 $$", in: "/").run().code == 137)
  }

  @Test func onlyTheEndOfALongOutputIsKept() throws {
    let result = try ShellCommand("seq 1 100000; echo last", in: "/").run()
    #expect(result.output.count == 64 << 10)
    #expect(String(decoding: result.output.suffix(5), as: UTF8.self) == "last\n")
  }

  @Test func nothingIsThereToRead() throws {
    #expect(try ShellCommand("cat; echo end", in: "/").run().output == Array("end\n".utf8))
  }

  @Test func folderThatIsMissingIsNamed() {
    #expect(throws: HostError.self) { try ShellCommand("true", in: "/no/such/folder").run() }
  }
}

@Suite struct FolderTests {
  @Test(arguments: [
    ("a/b", "a"), ("a", "."), (".", "./.."), ("..", "../.."), ("/a", "/"), ("/a/b/", "/a"), ("a/../b", "a/.."),
    ("a/..", "a/../.."),
  ])
  func parentIsTheFolderAbove(path: String, parent: String) { #expect(Folder.parent(of: path) == parent) }

  @Test func rootHasNoParent() { #expect(Folder.parent(of: "/") == nil) }

  @Test func absolutePathsStay() {
    #expect(
      Folder.path("/x", in: "a") == "/x" && Folder.path("x", in: "a") == "a/x" && Folder.path("x", in: ".") == "x")
    #expect(Folder.path("x", in: "/") == "/x")
  }
}
