import ArgumentParser

/// The options of `orrery bisect TRACE`.
struct BisectInTimeOptions: ParsableArguments {
  func run(_ traces: [String]) throws {
    throw CommandFailure("\(traces[0]): a trace is not searched yet; give --good and --bad to search commits")
  }
}
