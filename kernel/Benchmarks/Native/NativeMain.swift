import Workloads

/// `bench-native NAME N`: the processor-only workloads on the host itself, from the same object code as the image.
@c(main)
func main(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
  guard count >= 2, let name = arguments[1], let workload = Workload(rawValue: String(cString: name)) else {
    print("usage: bench-native integer|memory|pointers|large [N]")
    return 2
  }
  var rounds = workload.defaultCount
  if count >= 3, let text = arguments[2] {
    guard let number = UInt64(String(cString: text)) else {
      print("N is not a number")
      return 2
    }
    rounds = number
  }
  let buffer = UnsafeMutableRawPointer.allocate(byteCount: Workload.bufferByteCount, alignment: 16)
  let checksum = workload.run(count: rounds, buffer: buffer)
  print("\(workload.rawValue) checksum 0x\(String(checksum, radix: 16))")
  return 0
}
