using System.CommandLine;
using Edge.Packages;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent models canary</c>: a version at some stations first.</summary>
internal static class CanaryCommand
{
    public static Command Create()
    {
        Argument<int?> version = new("VERSION") { Arity = ArgumentArity.ZeroOrOne, Description = "Is to run at these stations, after its signature and hashes were verified." };
        Argument<string[]> stations = new("STATION") { Arity = ArgumentArity.ZeroOrMore, Description = "Names as in the configuration; more can follow later." };
        Option<bool> stop = new("--stop") { Description = "Every station has the current version again." };
        Command command = new("canary", """
            A version at some stations first, while the others keep the current one. Its probation (Edge:Probation) is at those stations; one that does not
            pass it is taken back at all of them. After a passed one: models activate (or Edge:Probation:PromoteCanary). Without VERSION: what is the canary.

            Examples:
              edge-agent models canary flange 8 station1 --why "trained with the new lamp"
              edge-agent models canary flange
              edge-agent models activate flange 8
              edge-agent models canary flange --stop
            """)
        { ModelsCommand.Name, version, stations, stop, ModelsCommand.Why };
        command.SetAction(parsed =>
        {
            PackageStore store = ModelsCommand.StoreOf(parsed);
            string name = parsed.GetRequiredValue(ModelsCommand.Name);
            string[] at = parsed.GetValue(stations) ?? [];
            if (parsed.GetValue(stop))
            {
                if (parsed.GetValue(version) is not null) throw new EdgeException("VERSION starts a canary and --stop ends it: give one of them.");
                return End(parsed);
            }
            if (parsed.GetValue(version) is { } next)
            {
                if (at.Length == 0) throw new EdgeException($"At which station is version {next} to run first? Name one or more; for all of them: models activate {name} {next}.");
                store.Open(name, next);   // signature and hashes; the rest is the agent's to prove
                foreach (string station in at) store.AddCanary(name, next, station, why: parsed.GetValue(ModelsCommand.Why));
            }
            parsed.InvocationConfiguration.Output.WriteLine(
                store.Canary(name) is { } canary ? $"{name}: version {canary.Version} is to run at {string.Join(", ", canary.Stations)}, version {store.Current(name)} at the others" : $"{name}: no canary");
            return 0;
        });
        return command;
    }

    internal static int End(ParseResult parsed)
    {
        PackageStore store = ModelsCommand.StoreOf(parsed);
        string name = parsed.GetRequiredValue(ModelsCommand.Name);
        store.EndCanary(name, why: parsed.GetValue(ModelsCommand.Why));
        parsed.InvocationConfiguration.Output.WriteLine($"{name}: no canary any more; version {store.Current(name)} is to run at every station");
        return 0;
    }
}
