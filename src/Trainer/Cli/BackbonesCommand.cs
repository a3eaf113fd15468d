using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Edge.Training.Backbones.Store;
using Spectre.Console;

namespace Edge.Training.Cli;

internal static class BackbonesCommand
{
    private static readonly Option<string?> Store = new("--store") { HelpName = "DIR", Recursive = true, Description = "Where backbones are kept. Default: EDGE_BACKBONES, or edge/backbones in the user's data folder." };

    public static Command Create() => new("backbones", """
        Weights for train --backbone NAME: known ones are fetched from their publisher where there is a network; any file can be carried here by hand.
        edge18 is built in and needs nothing.

        Examples:
          edge-trainer backbones list
          edge-trainer backbones add resnet18                                     # fetched, hash checked
          edge-trainer backbones add /media/usb/wide_resnet50_2-95faca4d.pth      # recognised by its hash
          edge-trainer backbones add trunk.safetensors --name ours --licence "our own"
          edge-trainer backbones verify
          edge-trainer train --method patchcore --data parts --name flange --models models --backbone wide_resnet50_2
        """)
    { Store, List(), Add(), Verify(), PathOf() };

    private static Command List()
    {
        Option<bool> json = new("--json") { Description = "One JSON document on stdout." };
        Command command = new("list", "Known and stored backbones: licence, size, SHA-256, where.") { json };
        command.SetAction(parsed =>
        {
            BackboneListing[] all = Listing(StoreOf(parsed));
            if (parsed.GetValue(json)) Console.Out.WriteLine(JsonSerializer.Serialize(all, ListingJson.Default.BackboneListingArray));
            else new Terminal(json: false).Write(TableOf(all));
            return 0;
        });
        return command;
    }

    private static Command Add()
    {
        Argument<string> what = new("FILE|NAME") { Description = "A file (.safetensors, .pth, .pt, .onnx), or a known name to fetch." };
        Option<string?> name = new("--name") { HelpName = "NAME", Description = "To call it by. Default: the known name with this hash, or the file's." };
        Option<string?> licence = new("--licence") { HelpName = "TEXT", Description = "Its terms, for the record." };
        Option<Uri?> from = new("--from") { HelpName = "URL", Description = "Fetch a known name from this address instead (a mirror); the hash is checked all the same." };
        Command command = new("add", "Copies a file into the store, or fetches a known one. It is hashed and opened first; what is no backbone is not added.") { what, name, licence, from };
        command.SetAction(async (parsed, ct) =>
        {
            Terminal terminal = new(json: false);
            BackboneIntake intake = new(StoreOf(parsed), terminal, TimeProvider.System);
            string wanted = parsed.GetRequiredValue(what);
            StoredBackbone added;
            if (BackboneCatalogue.Find(wanted) is { } known && !File.Exists(wanted))
            {
                if (parsed.GetValue(name) is not null || parsed.GetValue(licence) is not null) throw new EdgeException($"{wanted} is a known name and has its name and licence; --name and --licence belong to a file.");
                using HttpClient client = BackboneDownload.CreateClient();
                added = await intake.FetchAsync(known, new BackboneDownload(client, terminal, TimeProvider.System, parsed.GetValue(from)), ct).ConfigureAwait(false);
            }
            else if (File.Exists(wanted) && parsed.GetValue(from) is null) added = intake.Add(wanted, parsed.GetValue(name), parsed.GetValue(licence), ct);
            else throw new EdgeException($"{wanted} is neither a file nor a known name ({string.Join(", ", BackboneCatalogue.All.Select(k => k.Name))}){(parsed.GetValue(from) is null ? "" : "; --from belongs to a known name")}.");
            terminal.Line($"{added.Name}: {added.Architecture ?? "ONNX network"}, {Size(added.Bytes)}, SHA-256 {added.Sha256}, {added.Licence ?? "licence not stated"}");
            return 0;
        });
        return command;
    }

    private static Command Verify()
    {
        Argument<string?> name = new("NAME") { Arity = ArgumentArity.ZeroOrOne, Description = "Default: all." };
        Command command = new("verify", "Computes the hashes of the stored files again.") { name };
        command.SetAction(parsed =>
        {
            BackboneStore store = StoreOf(parsed);
            IReadOnlyList<StoredBackbone> stored = parsed.GetValue(name) is { } one ? [Find(store, one)] : store.All();
            Terminal terminal = new(json: false);
            int damaged = 0;
            foreach (StoredBackbone entry in stored)
            {
                string path = store.PathOf(entry), state = !File.Exists(path) ? "missing" : BackboneIntake.HashOf(path) == entry.Sha256 ? "ok" : "damaged";
                if (state != "ok") damaged++;
                terminal.Line($"{entry.Name}: {state}");
            }
            return damaged == 0 ? 0 : throw new EdgeException($"{damaged} of {stored.Count} backbones are not what was added; remove their folders in {store.Folder} and add them again.");
        });
        return command;
    }

    private static Command PathOf()
    {
        Argument<string> name = new("NAME");
        Command command = new("path", "Prints where a stored backbone's file is.") { name };
        command.SetAction(parsed =>
        {
            BackboneStore store = StoreOf(parsed);
            Console.Out.WriteLine(store.PathOf(Find(store, parsed.GetRequiredValue(name))));
            return 0;
        });
        return command;
    }

    private static BackboneStore StoreOf(ParseResult parsed) => parsed.GetValue(Store) is { } folder ? new BackboneStore(folder) : BackboneStore.Usual();

    private static StoredBackbone Find(BackboneStore store, string name) => store.Find(name)
        ?? throw new EdgeException($"{name} is not in {store.Folder}.{(BackboneCatalogue.Find(name) is { } known ? $" {BackboneStore.HowToGet(known)}" : "")}");

    private static BackboneListing[] Listing(BackboneStore store)
    {
        StoredBackbone[] stored = [.. store.All()];
        return
        [
            .. BackboneCatalogue.All.Where(k => stored.All(s => s.Name != k.Name)).Select(k => new BackboneListing(k.Name, k.Architecture, k.Licence, k.Bytes, k.Sha256, k.Url.ToString(), null)),
            .. stored.Select(s => new BackboneListing(s.Name, s.Architecture ?? "ONNX network", s.Licence, s.Bytes, s.Sha256, s.Source, store.PathOf(s))),
        ];
    }

    private static Table TableOf(BackboneListing[] all)
    {
        Table table = new Table().Border(TableBorder.Minimal).AddColumns("name", "architecture", "size", "SHA-256", "licence", "where");
        table.AddRow("edge18", "ResNet-18, half width", "2.7 MiB", "", "this project's own", "built in");
        foreach (BackboneListing b in all.OrderBy(b => b.Name, StringComparer.Ordinal))
            table.AddRow(Markup.Escape(b.Name), b.Architecture, b.Bytes is { } bytes ? Size(bytes) : "?", b.Sha256[..8] + "…", Markup.Escape(b.Licence ?? "not stated"), Markup.Escape(b.File ?? b.Source));
        return table;
    }

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.0} MiB");
}

/// <param name="Sha256">Whole, or its first 8 digits where no source states more.</param>
/// <param name="Source">Publisher's address, or where a stored file came from.</param>
/// <param name="File">null until it is stored.</param>
internal sealed record BackboneListing(string Name, string Architecture, string? Licence, long? Bytes, string Sha256, string Source, string? File);

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(BackboneListing[]))]
internal sealed partial class ListingJson : JsonSerializerContext;
