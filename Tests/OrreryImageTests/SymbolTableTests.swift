import OrreryBase
import OrreryImage
import Testing

@Suite struct SymbolTableTests {
  private func symbol(_ name: String, _ address: UInt64, size: UInt64 = 0, isFunction: Bool = true)
    -> Symbol
  {
    Symbol(name: name, address: LinearAddress(address), size: size, isFunction: isFunction)
  }

  @Test func anAddressIsNamedByTheSymbolThatContainsIt() {
    let table = SymbolTable([
      symbol("middle", 0x200, size: 0x10), symbol("first", 0x100), symbol("last", 0x300, size: 8),
    ])
    func name(_ address: UInt64) -> String? {
      table.symbol(containing: LinearAddress(address)).map { "\($0.symbol.name)+\($0.offset)" }
    }
    #expect(name(0xFF) == nil)
    #expect(name(0x100) == "first+0")
    // Without a size, up to the next symbol.
    #expect(name(0x1FF) == "first+255")
    #expect(name(0x20F) == "middle+15")
    #expect(name(0x210) == nil)
    #expect(name(0x307) == "last+7")
    #expect(name(0x308) == nil)
    #expect(name(.max) == nil)
  }

  @Test func ofSeveralNamesForOnePlaceTheFunctionIsShown() {
    let table = SymbolTable([
      symbol("__text_start", 0x100, isFunction: false), symbol("kernelMain", 0x100, size: 16),
      symbol("zero_size_function", 0x100),
    ])
    #expect(table.symbol(containing: LinearAddress(0x105))?.symbol.name == "kernelMain")
    #expect(table.address(of: "__text_start") == LinearAddress(0x100))
  }

  @Test func aLinkageNameIsFoundExactly() {
    let names = ["a", "ab", "abc", "b", "$s6kernelyyF"]
    let table = SymbolTable(names.enumerated().map { symbol($0.element, UInt64($0.offset)) })
    for (index, name) in names.enumerated() {
      #expect(table.address(of: name) == LinearAddress(UInt64(index)))
    }
    #expect(table.find("ac") == .missing)
    #expect(table.find("") == .missing)
  }

  @Test func aSourceNameFindsItsFunction() {
    let table = SymbolTable([
      symbol("$s6kernel10kernelMains5NeverOyF", 1),
      symbol("$s6kernel4HeapV8allocate4size9alignmentSvSgSi_SitF", 2),
      symbol("$s6kernel4HeapV8allocate5pagesySi_tF", 3), symbol("boot", 4),
    ])
    #expect(table.address(of: "kernelMain") == LinearAddress(1))
    #expect(table.address(of: "kernel.kernelMain") == LinearAddress(1))
    #expect(table.address(of: "Heap.allocate(pages:)") == LinearAddress(3))
    #expect(table.address(of: "Heap.allocate(size:alignment:)") == LinearAddress(2))
    #expect(table.address(of: "other.kernelMain") == nil)
    #expect(table.find("Heap.deallocate") == .missing)
  }

  /// `totalHeap` is mangled as `total` and a reference to the word `Heap` of the type; `heapNode` refers to no earlier word but in its middle.
  @Test func aNameIsFoundThoughItsManglingBorrowsWords() {
    let table = SymbolTable([
      symbol("$sSa6kernelAA4HeapVRszlE05totalB0SiyF", 1),
      symbol("$s6kernel8HeapNodeC04heapC8AllocateACyxGx_AA0B0V0D0tF", 2),
      symbol("$s6kernel4HeapVACycfC", 3),
      // `HeapNode` within type `HeapNode`: both words are references.
      symbol("$s6kernel8HeapNodeC0bC0yyF", 4),
    ])
    #expect(table.address(of: "totalHeap") == LinearAddress(1))
    #expect(table.address(of: "heapNodeAllocate") == LinearAddress(2))
    #expect(table.address(of: "Heap.init") == LinearAddress(3))
    #expect(table.address(of: "HeapNode.HeapNode") == LinearAddress(4))
  }

  @Test func aNameThatFitsSeveralFunctionsIsAmbiguous() {
    let (first, second) = (
      symbol("$s6kernel4HeapV4growyyF", 1), symbol("$s6kernel5StackV4growyyF", 2)
    )
    let table = SymbolTable([second, first])
    #expect(table.find("grow") == .ambiguous([first, second]))
    #expect(table.find("Stack.grow") == .found(second))
    #expect(table.address(of: "grow") == nil)
  }

  @Test func aFunctionIsPreferredToACopyTheCompilerMadeOfIt() {
    let (body, copy) = (
      symbol("$s6kernel4HeapV4growyyF", 9), symbol("$s6kernel4HeapV4growyyFTf4d_n", 5)
    )
    #expect(SymbolTable([copy, body]).find("Heap.grow") == .found(body))
    #expect(SymbolTable([copy]).find("Heap.grow") == .found(copy))
  }

  @Test func twoNamesForOnePlaceAreOneMatch() {
    let table = SymbolTable([symbol("$s6kernel1CCACycfC", 7), symbol("$s6kernel1CCACycfc", 7)])
    #expect(table.address(of: "C.init") == LinearAddress(7))
  }

  /// Undefined symbols, sections, files and nameless ones are nothing to look up; absolute ones are.
  @Test func onlyDefinedPlacesAreKept() throws {
    var builder = ELFBuilder()
    builder.symbols = [
      .init(name: "undefined", address: 0, section: 0),
      .init(name: "file.c", address: 0, info: 4, section: 0xFFF1),
      .init(name: ".text", address: 0, info: 3), .init(name: "", address: 5),
      .init(name: "absolute", address: 0x40, info: 0x10, section: 0xFFF1),
      .init(name: "object", address: 1, info: 0x11),
    ]
    #expect(
      try KernelImage(bytes: builder.build()).symbols.symbols.map(\.name) == ["object", "absolute"])
  }

  @Test func symbolsThatShareOneLongNameCannotExhaustMemory() {
    var builder = ELFBuilder()
    builder.symbols = [.init(name: String(repeating: "n", count: 65_000), address: 0)]
    builder.symbols! += (0..<1_100).map { _ in .init(name: "", address: 0) }
    var (bytes, layout) = builder.buildWithLayout()
    // All 1,101 symbols take the name at 1: together 71 million bytes.
    for index in 1...1_101 {
      bytes = bytes.replacing(at: layout.symbolTable + 24 * index, with: 1 as UInt32)
    }
    do {
      _ = try KernelImage(bytes: bytes)
      Issue.record("accepted")
    } catch {
      #expect(error.problem.contains("symbol names exceed"))
    }
  }
}
