import Glibc

/// The target that ORRERY_FUZZ_TARGET names; libFuzzer has the main function.
private let target: FuzzTarget = {
  guard let name = getenv("ORRERY_FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
    fatalError("ORRERY_FUZZ_TARGET names one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
