import Foundation
import OrreryGolden
import OrreryHost
import Testing

@Suite struct GoldenSearchTests {
  private let folder: SearchFolder

  init() throws { folder = try SearchFolder() }

  private func find(_ names: String...) throws -> [String] {
    try GoldenCase.find(at: names.map(folder.path)).map { String($0.folder.dropFirst(folder.path.count + 1)) }
  }

  @Test func casesBelowAFolderComeInTheOrderOfTheirNames() throws {
    for name in ["b", "a", "c/deep/d", "Z"] { try folder.write("traces/\(name)/x.scenario") }
    try folder.write("traces/frozen/t.orrery")
    try folder.write("traces/.hidden/h.scenario")
    // By bytes: capitals first, whatever the locale.
    #expect(try find("traces") == ["traces/Z", "traces/a", "traces/b", "traces/c/deep/d"])
    #expect(try find("traces/") == find("traces"))
  }

  @Test func pathMayBeACaseAndIsThereOnce() throws {
    for name in ["a", "b"] { try folder.write("traces/\(name)/\(name).scenario") }
    #expect(try find("traces/b") == ["traces/b"])
    #expect(try find("traces/b", "traces", "traces/a/") == ["traces/b", "traces/a"])
  }

  @Test func goldenWithoutItsScenarioIsNotPassedOver() throws {
    try folder.write("traces/a/golden.txt")
    let goldenCase = try #require(try GoldenCase.find(at: [folder.path("traces")], image: "none").first)
    guard case .trouble(let text) = goldenCase.check().outcome else {
      Issue.record("\(goldenCase.check())")
      return
    }
    #expect(text.contains("traces/a/a.scenario"))
  }

  @Test func linksLeadNowhere() throws {
    try folder.write("traces/a/a.scenario")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("traces/round"), withDestinationPath: folder.path("traces"))
    #expect(try find("traces") == ["traces/a"])
  }

  @Test func scenarioOfTheFoldersNameIsPreferred() throws {
    try folder.write("traces/a/a.scenario")
    try folder.write("traces/a/other.scenario")
    try folder.write("traces/b/other.scenario")
    let cases = try GoldenCase.find(at: [folder.path("traces")])
    #expect(cases.map(\.scenarioPath) == ["a/a.scenario", "b/other.scenario"].map { folder.path("traces/" + $0) })
  }

  @Test(arguments: [("missing", "there is no such folder"), ("empty", "there is no case below it")])
  func nothingFoundIsTroubleAndNoSuccess(name: String, problem: String) throws {
    try folder.write("empty/readme")
    #expect { try find(name) } throws: { "\($0)".contains(problem) }
  }
}

@Suite struct KernelSourceTests {
  private let folder: SearchFolder

  init() throws {
    folder = try SearchFolder()
    for name in ["a", "b"] { try folder.write("traces/\(name)/\(name).scenario") }
  }

  private func kernels() throws -> [KernelSource?] {
    try GoldenCase.find(at: [folder.path("traces")]).map(\.kernel)
  }

  @Test func settingsAboveHoldForAllCasesBelow() throws {
    try folder.write("traces/kernel.txt", "# how\n\n  build :  make -C ../kernel \nimage: ../k.elf\r\n")
    let kernel = KernelSource(
      imagePath: folder.path("traces/../k.elf"), build: ShellCommand("make -C ../kernel", in: folder.path("traces")))
    #expect(try kernels() == [kernel, kernel])
    #expect(try GoldenCase.find(at: [folder.path("traces")]).builds == [kernel.build])
  }

  @Test func nearestSettingsCount() throws {
    try folder.write("kernel.txt", "image: above.elf\n")
    try folder.write("traces/a/kernel.txt", "image: /beside.elf\n")
    #expect(
      try kernels() == [KernelSource(imagePath: "/beside.elf"), KernelSource(imagePath: folder.path("above.elf"))])
  }

  @Test func onlyImageInTheCasesFolderIsTheKernel() throws {
    try folder.write("traces/a/one.elf")
    try folder.write("traces/b/one.elf")
    try folder.write("traces/b/two.elf")
    #expect(try kernels() == [KernelSource(imagePath: folder.path("traces/a/one.elf")), nil])
  }

  @Test func imageOfTheCallerComesFirst() throws {
    try folder.write("traces/kernel.txt", "image: k.elf\n")
    let cases = try GoldenCase.find(at: [folder.path("traces")], image: "mine.elf")
    #expect(cases.map(\.kernel?.imagePath) == ["mine.elf", "mine.elf"])
    #expect(cases[0].arguments == ["--image", "mine.elf", folder.path("traces/a")])
  }

  @Test(arguments: [
    ("", "kernel.txt: it names no image"), ("build: make\n", "kernel.txt: it names no image"),
    ("image: a\nimage: b\n", "kernel.txt:2: `image` is there twice"),
    ("#\nimmage: a\n", "kernel.txt:2: `immage: a` is neither"), ("image:\n", "kernel.txt:1: `image:` is neither"),
    ("image\n", "kernel.txt:1: `image` is neither"),
  ])
  func mistakesAreNamedWithTheirPlace(text: String, problem: String) throws {
    try folder.write("traces/kernel.txt", text)
    #expect { try kernels() } throws: { "\($0)".contains(problem) }
  }

  @Test func caseWithoutAKernelSaysWhatToDo() throws {
    let result = try #require(try GoldenCase.find(at: [folder.path("traces")]).first).check()
    #expect(!result.isSame)
    guard case .trouble(let text) = result.outcome else {
      Issue.record("\(result.outcome)")
      return
    }
    #expect(text.contains("kernel.txt") && text.contains("--image"))
  }

  @Test func buildThatFailsSaysWhatItSaid() throws {
    try ShellCommand("exit 0", in: folder.path).runBuild()
    #expect { try ShellCommand("echo no compiler >&2; exit 3", in: folder.path).runBuild() } throws: {
      "\($0)".contains("ended with 3\n  no compiler")
    }
  }
}
