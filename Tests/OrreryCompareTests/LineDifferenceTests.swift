import OrreryBase
import Testing

@testable import OrreryCompare

@Suite struct LineDifferenceTests {
  /// How many elements two sequences have in common at most, by the textbook's table.
  private func longestCommon(_ old: [Int], _ new: [Int]) -> Int {
    var table = [[Int]](repeating: [Int](repeating: 0, count: new.count + 1), count: old.count + 1)
    for i in old.indices {
      for j in new.indices {
        table[i + 1][j + 1] = old[i] == new[j] ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j])
      }
    }
    return table[old.count][new.count]
  }

  /// The edits must walk through both sequences once, in order.
  private func kept(_ edits: [LineEdit], _ old: [Int], _ new: [Int]) throws -> Int {
    var oldIndex = 0
    var newIndex = 0
    var kept = 0
    for edit in edits {
      switch edit {
      case .keep(let i, let j):
        try #require(i == oldIndex && j == newIndex && old[i] == new[j])
        oldIndex += 1
        newIndex += 1
        kept += 1
      case .remove(let i):
        try #require(i == oldIndex)
        oldIndex += 1
      case .insert(let j):
        try #require(j == newIndex)
        newIndex += 1
      }
    }
    try #require(oldIndex == old.count && newIndex == new.count)
    return kept
  }

  @Test(arguments: 0..<300)
  func editsAreShortest(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let letters = Int.random(in: 1...6, using: &random)
    let old = (0..<Int.random(in: 0...40, using: &random)).map { _ in Int.random(in: 0..<letters, using: &random) }
    let new = (0..<Int.random(in: 0...40, using: &random)).map { _ in Int.random(in: 0..<letters, using: &random) }
    #expect(try kept(lineDifference(old, new), old, new) == longestCommon(old, new))
  }

  @Test func sequencesWithNothingInCommonAreReplacedAsAWhole() throws {
    let old = Array(0..<5_000)
    let new = Array(5_000..<10_000)
    #expect(try kept(lineDifference(old, new, costLimit: 100), old, new) == 0)
  }
}

@Suite struct FunctionNameTests {
  @Test(arguments: [
    ("Shell.run(_:)", "Shell.run(_:)"),
    ("specialized Shell.run(_:)", "Shell.run(_:)"),
    ("generic specialization <Swift.Int> of Heap.grow", "Heap.grow"),
    ("merged Heap.grow", "Heap.grow"),
    ("kernelMain.llvm.1234", "kernelMain"),
    ("kernelMain.cold", "kernelMain"),
    ("kernelMain.cold.1", "kernelMain"),
    ("parse.constprop.0.isra.0", "parse"),
    ("grow [clone .cold]", "grow"),
    ("alloc::heap::grow::h0123456789abcdef", "alloc::heap::grow"),
    ("alloc::heap::help", "alloc::heap::help"),
    ("local.7", "local"),
    (".Lend", ".Lend"),
  ])
  func copiesOfAFunctionHaveItsName(name: String, expected: String) {
    #expect(functionName(name) == expected)
  }
}
