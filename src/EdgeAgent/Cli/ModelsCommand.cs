using System.CommandLine;
using System.Globalization;
using Edge.Packages;
using Edge.Scoring;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent models</c>: the models folder from a shell, also while an agent runs from it: that one follows <c>current</c>.</summary>
internal static class ModelsCommand
{
    private static readonly Option<string> Models = new("--models") { Recursive = true, HelpName = "DIR", Description = "The models folder.", DefaultValueFactory = _ => "models" };
    internal static readonly Option<string?> Keys = new("--trusted-keys") { Recursive = true, HelpName = "FILE", Description = "Public keys (PEM): a package that none of them has signed is refused, as by an agent with Edge:TrustedKeys." };
    internal static readonly Argument<string> Name = new("NAME") { Description = "Of the model." };
    internal static readonly Option<string?> Why = new("--why") { HelpName = "TEXT", Description = "Goes into the history." };

    public static Command Create() => new("models", """
        What is in the models folder, and which version is to run. An agent that runs from the folder follows within a second: it loads, verifies and
        proves the version beside the running one and swaps between two parts, or refuses it and goes on.

        Examples:
          edge-agent models list flange
          edge-agent models verify flange --version 7 --trusted-keys flange.key.pub
          edge-agent models activate flange 7 --models /var/lib/edge/models
          edge-agent models rollback flange --why "rejects every part since the new lamp"
          edge-agent models shadow flange 8
          edge-agent models canary flange 8 station1
          edge-agent models history flange
          edge-agent models pull flange
        """)
    { Models, Keys, List(), Verify(), Activate(), RollBack(), ShadowCommand.Create(), CanaryCommand.Create(), History(), PullCommand.Create(), ProveCommand.Create() };

    private static Command List()
    {
        Command command = new("list", "The versions, oldest first: * is to run, s is its shadow, c a canary; what is wrong with a damaged one.") { Name };
        command.SetAction(parsed =>
        {
            PackageStore store = StoreOf(parsed);
            string name = parsed.GetRequiredValue(Name);
            int? current = store.Current(name), shadow = store.Shadow(name), canary = store.Canary(name)?.Version;
            foreach (int version in store.Versions(name))
                parsed.InvocationConfiguration.Output.WriteLine($"{(version == current ? '*' : version == canary ? 'c' : version == shadow ? 's' : ' ')} {version,5}  {Describe(store, name, version)}");
            return 0;
        });
        return command;
    }

    private static Command Verify()
    {
        Option<int?> version = new("--version") { HelpName = "N", Description = "Default: the one that is to run." };
        Command command = new("verify", "Signature, hashes, load and golden images of a version, as before a swap.") { Name, version };
        command.SetAction(parsed =>
        {
            PackageStore store = StoreOf(parsed);
            string name = parsed.GetRequiredValue(Name);
            Package package = parsed.GetValue(version) is { } n ? store.Open(name, n) : store.OpenCurrent(name);
            using AnomalyDetector detector = AnomalyDetector.Load(package, new DetectorOptions());
            detector.CheckGolden(package);
            parsed.InvocationConfiguration.Output.WriteLine($"{name} version {package.Manifest.Version} is as it was published; {Signed(package)}; {package.Golden.Images.Count} golden images give their scores");
            return 0;
        });
        return command;
    }

    private static Command Activate()
    {
        Argument<int> version = new("VERSION");
        Command command = new("activate", "Names the version that is to run, after its signature and hashes were verified.") { Name, version, Why };
        command.SetAction(parsed => SetCurrent(parsed, StoreOf(parsed).Open(parsed.GetRequiredValue(Name), parsed.GetRequiredValue(version))));
        return command;
    }

    private static Command RollBack()
    {
        Command command = new("rollback", "Ends a canary; without one, names the newest version before the current one that is not damaged.") { Name, Why };
        command.SetAction(parsed => StoreOf(parsed).Canary(parsed.GetRequiredValue(Name)) is not null ? CanaryCommand.End(parsed) : SetCurrent(parsed, StoreOf(parsed).OpenPrevious(parsed.GetRequiredValue(Name), parsed.InvocationConfiguration.Error.WriteLine)));
        return command;
    }

    private static Command History()
    {
        Command command = new("history", "Which version was to run (or to run as a shadow) since when, who wanted it, and why; oldest first.") { Name };
        command.SetAction(parsed =>
        {
            foreach (Activation a in StoreOf(parsed).History(parsed.GetRequiredValue(Name)))
                parsed.InvocationConfiguration.Output.WriteLine(FormattableString.Invariant($"{a.At:yyyy-MM-dd HH:mm:ss}Z  {a.From?.ToString(CultureInfo.InvariantCulture) ?? "-",5} → {(a.To == 0 ? "-" : a.To),-5}  {(a.Role is null ? "" : $"({a.Role}) ")}{a.By}  {a.Why}").TrimEnd());
            return 0;
        });
        return command;
    }

    internal static PackageStore StoreOf(ParseResult parsed) => new(parsed.GetRequiredValue(Models)) { TrustedKeysFile = parsed.GetValue(Keys) };

    private static int SetCurrent(ParseResult parsed, Package package)
    {
        Manifest manifest = package.Manifest;
        int? before = StoreOf(parsed).Current(manifest.Name);
        StoreOf(parsed).SetCurrent(manifest.Name, manifest.Version, why: parsed.GetValue(Why));
        parsed.InvocationConfiguration.Output.WriteLine($"{manifest.Name}: version {manifest.Version} is to run{(before is null ? "" : $", before it was {before}")}");
        return 0;
    }

    private static string Describe(PackageStore store, string name, int version)
    {
        try
        {
            Package package = store.Open(name, version);
            return FormattableString.Invariant($"{package.Manifest.CreatedAt:yyyy-MM-dd HH:mm}  {package.Manifest.Method}, threshold {package.Manifest.Calibration.Threshold} ({package.Manifest.Calibration.Method}); {Signed(package)}");
        }
        catch (EdgeException e)
        {
            return e.Message;
        }
    }

    private static string Signed(Package package) => package switch
    {
        { SignedBy: { } key } => $"signed with trusted key {key}",
        { Signature.Key: { } key } => $"signed with key {key}, not checked",
        _ => "not signed",
    };
}
