using System.CommandLine;
using Edge.Agent.Shadow;
using Edge.Packages;

namespace Edge.Agent.Cli;

/// <summary><c>edge-agent models shadow</c>: names the version that runs beside the current one, ends it, or shows what it would have said.</summary>
internal static class ShadowCommand
{
    public static Command Create()
    {
        Argument<int?> version = new("VERSION") { Arity = ArgumentArity.ZeroOrOne, Description = "Is to see the same parts, after its signature and hashes were verified." };
        Option<bool> stop = new("--stop") { Description = "No shadow any more." };
        Command command = new("shadow", """
            A version that sees the same parts as the current one and decides nothing. Without VERSION: what it would have said, station by station, as
            agents have written it beside the versions (every five seconds).

            Scores are compared as positions: 0 is the average of a model's own normals, 1 its threshold.

            Examples:
              edge-agent models shadow flange 8 --why "trained with the new lamp"
              edge-agent models shadow flange
              edge-agent models shadow flange --stop
              edge-agent models activate flange 8       ends it too: it is current then
            """)
        { ModelsCommand.Name, version, stop, ModelsCommand.Why };
        command.SetAction(parsed =>
        {
            PackageStore store = ModelsCommand.StoreOf(parsed);
            string name = parsed.GetRequiredValue(ModelsCommand.Name);
            TextWriter output = parsed.InvocationConfiguration.Output;
            int? candidate = parsed.GetValue(version);
            if (candidate is not null && parsed.GetValue(stop)) throw new EdgeException("VERSION starts a shadow and --stop ends it: give one of them.");
            if (candidate is null && !parsed.GetValue(stop))
            {
                Show(store, name, output);
                return 0;
            }
            if (candidate is { } number) store.Open(name, number);   // signature and hashes; the rest is the agent's to prove
            store.SetShadow(name, candidate, why: parsed.GetValue(ModelsCommand.Why));
            output.WriteLine(candidate is null ? $"{name}: no shadow any more" : $"{name}: version {candidate} is to run as a shadow beside {store.Current(name)}");
            return 0;
        });
        return command;
    }

    private static void Show(PackageStore store, string name, TextWriter output)
    {
        output.WriteLine(store.Shadow(name) is { } named ? $"{name}: version {named} is the shadow" : $"{name}: no shadow");
        bool any = false;
        foreach (StateFile file in ShadowFile.All(store, name))
        {
            if (ShadowFile.Read(file) is not { } report) continue;
            ShadowTables.Write(report, output);
            any = true;
        }
        if (!any) output.WriteLine("No station has compared a part with one yet.");
    }
}
