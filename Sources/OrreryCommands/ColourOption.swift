import ArgumentParser
import OrreryHost

/// `--color auto`: when a difference is shown in colour.
enum ColourOption: String, ExpressibleByArgument, CaseIterable {
  /// In a terminal, unless `NO_COLOR` is set.
  case auto
  case always
  case never

  /// Whether what goes to standard output is coloured.
  var isColoured: Bool {
    switch self {
    case .auto: Console.current.isOutputColoured
    case .always: true
    case .never: false
    }
  }

  /// The same for what git shows: its pager takes colour though it is no terminal, and git's own settings say whether the person wants any.
  var isColouredInGit: Bool {
    guard self == .auto else { return isColoured }
    let console = Console.current
    guard !StandardStream.refusesColour, console.isOutputTerminal || StandardStream.isGitPager else { return false }
    let answer = try? GitRepository(folder: ".").ask(["config", "--get-colorbool", "color.diff", "true"])
    return answer.map { $0.text == "true" } ?? true
  }
}
