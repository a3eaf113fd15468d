using System.CommandLine;
using Edge.Imaging;
using Edge.Training.Runs;

namespace Edge.Training.Cli;

/// <summary>What a run from pictures to a package is told, whatever made the detector.</summary>
internal static class RunArguments
{
    private static readonly Option<string> Data = new("--data") { Required = true, HelpName = "DIR", Description = "train/good, test/good, test/<defect>, ground_truth/<defect> as in MVTec AD, or a plain folder of normal pictures." };
    private static readonly Option<string> Name = new("--name") { Required = true, HelpName = "NAME", Description = "Of the package: a-z, 0-9, '.', '_', '-'." };
    private static readonly Option<string> Models = new("--models") { Required = true, HelpName = "DIR", Description = "The package is published as DIR/NAME/<version>, and DIR/NAME/current names it." };
    private static readonly Option<InputSpec?> Size = new("--size") { HelpName = "N|WxH", Description = "Model input in pixels. Default: 256, or the only size that a network takes; PatchCore needs multiples of 8.", CustomParser = Arguments.Size };
    private static readonly Option<InputSpec?> Tiles = new("--tiles") { HelpName = "N|WxH", Description = "Inspect the picture of --size in overlapping tiles of this size, all in one batch: for small defects on large parts.", CustomParser = Arguments.Size };
    private static readonly Option<int?> TileOverlap = new("--tile-overlap") { HelpName = "PIXELS", Description = "Least overlap of neighbouring tiles. Default: an eighth of a tile." };
    private static readonly Option<Roi?> Region = new("--roi") { HelpName = "X,Y,W,H", Description = "Part of the frame to inspect, camera pixels. Default: all of it.", CustomParser = Arguments.Roi };
    private static readonly Option<string?> Mask = new("--mask") { HelpName = "POLYGONS", Description = "Of the frame, only what lies in \"X,Y X,Y X,Y\" (camera pixels; ';' before another polygon, one in another is a hole); the rest is black. Default: all of it.", CustomParser = Arguments.Mask };
    private static readonly Option<int> WhiteLevel = new("--white-level") { HelpName = "N", Description = "16-bit sample that is white: 4095 for a 12-bit camera.", DefaultValueFactory = _ => ushort.MaxValue };
    private static readonly Option<string?> CalibrateOn = new("--calibrate-on") { HelpName = "DIR", Description = "Normal pictures for the threshold; then none of --data is held out." };
    private static readonly Option<double?> FalseRejectRate = new("--false-reject-rate") { HelpName = "RATE", Description = "Share of normal parts that may be rejected. Default: 0.01, or the strictest the held-out pictures allow." };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "0 = all cores.", DefaultValueFactory = _ => 0 };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Stop at a picture that can't be read instead of leaving it out." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; everything else goes to stderr." };

    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Data, Name, Models, Size, Tiles, TileOverlap, Region, Mask, WhiteLevel, CalibrateOn, FalseRejectRate, Threads, Strict, Json]) command.Add(option);
    }

    public static Terminal TerminalOf(ParseResult parsed) => new(parsed.GetValue(Json));

    /// <summary>Was --size given?</summary>
    public static bool HasSize(ParseResult parsed) => parsed.GetValue(Size) is not null;

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public static TrainingOptions Of(ParseResult parsed) => new()
    {
        Data = parsed.GetRequiredValue(Data),
        Name = parsed.GetRequiredValue(Name),
        Models = parsed.GetRequiredValue(Models),
        Input = (parsed.GetValue(Size) ?? new InputSpec { Width = 256, Height = 256 }) with
        {
            Tiles = TilesOf(parsed),
            Roi = parsed.GetValue(Region),
            Mask = parsed.GetValue(Mask),
            WhiteLevel = Arguments.InRange("--white-level", parsed.GetValue(WhiteLevel), 1, ushort.MaxValue),
        },
        CalibrateOn = parsed.GetValue(CalibrateOn),
        FalseRejectRate = parsed.GetValue(FalseRejectRate),
        Threads = Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024),
        Strict = parsed.GetValue(Strict),
    };

    private static TileSpec? TilesOf(ParseResult parsed) => (parsed.GetValue(Tiles), parsed.GetValue(TileOverlap)) switch
    {
        (null, null) => null,
        (null, _) => throw new EdgeException("--tile-overlap is about the tiles of --tiles."),
        ({ } tile, var overlap) => new TileSpec(tile.Width, tile.Height, overlap ?? Math.Min(tile.Width, tile.Height) / 8),
    };

    public static void Report(ParseResult parsed, Terminal terminal, TrainingResult result)
    {
        TrainingTables.Write(terminal, result);
        if (parsed.GetValue(Json)) Console.Out.WriteLine(TrainingDocument.Of(result).ToJson());
    }
}
