public import Configuration
internal import Encoding
internal import HostSystem
internal import Identity
public import Readiness

/// The configuration that an administrator wrote, read, put together and checked against this host.
public struct ConfigurationFiles: Sendable {
  /// Nil if anything is wrong.
  public let configuration: PublishedConfiguration?
  /// What is published of the revocation lists that it names (Credentials/Revocation/RevocationForm); nil if it names none.
  public let revocations: [UInt8]?
  /// All that is wrong or worth knowing, in the order of files and lines.
  public let problems: [Problem]
  /// A file could not be read at all.
  public let isUnreadable: Bool
  /// The files that were read, in their order.
  public let files: [String]

  public var errors: [Problem] { problems.filter { $0.severity == .error } }

  /// Reads sojourn.toml and then sojourn.toml.d/*.toml in the order of their names (bytes); a later file wins key by key.
  public static func read(_ host: HostFiles = HostFiles()) -> ConfigurationFiles {
    var sources: [SourceText] = []
    var problems: [Problem] = []
    var isUnreadable = false
    var paths = [Places.configurationFile]
    do throws(Problem) { paths += try dropIns(host) } catch {
      problems.append(error)
      isUnreadable = true
    }
    for path in paths {
      do throws(SourceText.Failure) { sources.append(try SourceText.read(path, host)) } catch {
        switch error {
        case .unreadable(let problem):
          isUnreadable = true
          problems.append(problem)
        case .faulty(let problem): problems.append(problem)
        }
      }
    }
    return check(sources, paths, problems, isUnreadable: isUnreadable, host)
  }

  /// A text as if it were sojourn.toml, with nothing beside it.
  public static func check(_ text: [UInt8], _ host: HostFiles = HostFiles()) -> ConfigurationFiles {
    let file = Places.configurationFile
    do throws(Problem) {
      return check([try SourceText(file: file, bytes: text)], [file], [], isUnreadable: false, host)
    } catch {
      return ConfigurationFiles(configuration: nil, revocations: nil, problems: [error], isUnreadable: false, files: [file])
    }
  }

  private static func dropIns(_ host: HostFiles) throws(Problem) -> [String] {
    let directory = Places.configurationDirectory
    guard host.facts(directory) != nil else { return [] }
    do throws(SystemError) {
      let names = try Files.names(in: host.prefix + directory, cap: 10_000).filter { $0.ends(with: ".toml") && !$0.begins(with: ".") }
      return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { directory + "/" + $0 }
    } catch { throw Problem(Place(file: directory, line: 1), error.sentence) }
  }

  private static func check(_ sources: [SourceText], _ paths: [String], _ before: [Problem], isUnreadable: Bool, _ host: HostFiles) -> ConfigurationFiles {
    var problems = before
    var settings = Settings(mainFile: Places.configurationFile)
    for source in sources {
      do throws(Problem) { settings.add(try TOMLDocument.parse(source), file: source.file, &problems) } catch { problems.append(error) }
    }
    // What a broken file would have said is not known: what its keys' absence leads to would only confuse.
    guard problems.isEmpty || sources.count == paths.count && !problems.contains(where: { $0.sentence.begins(with: "not TOML") }) else {
      return ConfigurationFiles(configuration: nil, revocations: nil, problems: sorted(problems, paths), isUnreadable: isUnreadable, files: paths)
    }
    var reader = SettingsReader(settings, problems: problems)
    let certificate = reader.certificate(host)
    let policy = reader.policy(host)
    let facts = reader.host(host)
    let accounts = reader.accounts(host)
    let session = reader.session()
    let sudo = reader.sudo()
    let breakGlass = reader.breakGlass(certificate.trusted, accounts, host)
    var configuration: PublishedConfiguration?
    if let accounts {
      reader.fits(accounts, facts)
      configuration = PublishedConfiguration(certificate: certificate, policy: policy, host: facts, accounts: accounts, session: session,
        breakGlass: breakGlass)
      configuration?.sudo = sudo
    }
    let hasErrors = reader.problems.contains { $0.severity == .error }
    return ConfigurationFiles(configuration: hasErrors ? nil : configuration, revocations: hasErrors ? nil : reader.revocations, problems: sorted(reader.problems, paths), isUnreadable: isUnreadable, files: paths)
  }

  /// In the order in which somebody would go through the files; sentences about one line stay in theirs.
  private static func sorted(_ problems: [Problem], _ paths: [String]) -> [Problem] {
    func rank(_ problem: Problem) -> Int { paths.firstIndex { $0.isExactly(problem.place.file) } ?? paths.count }
    return problems.enumerated().sorted { a, b in
      let (left, right) = ((rank(a.element), a.element.place.line, a.offset), (rank(b.element), b.element.place.line, b.offset))
      return left < right
    }.map { $0.element }
  }
}

extension SettingsReader {
  /// All that NSS must know fits the one line that it reads (Identity/CandidateRules).
  mutating func fits(_ accounts: AccountRules, _ host: HostFacts) {
    let length = 64 + accounts.homeRoot.utf8.count + Places.gateShell.utf8.count
      + accounts.names.reduce(0) { $0 + $1.utf8.count + 1 } + host.candidatePrograms.reduce(0) { $0 + $1.utf8.count + 1 }
    guard length > CandidateRules.cap else { return }
    fault(settings.tablePlace("accounts"), "accounts.names and host.candidate_programs are too long together; expected less than \(CandidateRules.cap) bytes")
  }
}
