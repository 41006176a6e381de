import ArgumentParser
import Encoding
import HostSystem

/// What `sojourn check` starts of itself: a module that cannot be loaded, or whose initialisers crash, ends this process and no other.
struct LoadLibrary: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Load a library and look for symbols.", shouldDisplay: false)

  @Argument(help: "Its path.")
  var path: String

  @Argument(help: "What it must define.")
  var symbols: [String] = []

  func run() throws {
    let library: LoadedLibrary
    do throws(LoadedLibrary.Failure) { library = try LoadedLibrary(path) } catch {
      Terminal.say(Escape.visible(error.words, limit: 512))
      throw Exit.refused
    }
    let missing = symbols.filter { !library.defines($0) }
    guard missing.isEmpty else {
      Terminal.say("it lacks " + missing.joined(separator: ", "))
      throw Exit.refused
    }
  }
}
