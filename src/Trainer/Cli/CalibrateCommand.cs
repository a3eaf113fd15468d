using System.CommandLine;
using Edge.Packages;
using Edge.Training.Runs;
using Edge.Training.Thresholds;
using static Edge.Training.Thresholds.ThresholdMethod;

namespace Edge.Training.Cli;

internal static class CalibrateCommand
{
    /// <summary>For <c>--all</c> when no costs are given: one part in a hundred is anomalous, and an escape costs a hundred overkills.</summary>
    private static readonly CostModel UsualCosts = new(Escape: 100, Overkill: 1, Prevalence: 0.01);

    private static readonly Option<string> PackageFolder = new("--package") { Required = true, HelpName = "DIR", Description = "A version's folder, or models/<name> for its current version." };
    private static readonly Option<string?> Data = new("--data") { HelpName = "DIR", Description = "Labelled pictures (test/good, test/<defect>, ground_truth/…), or a plain folder of normal pictures the model has not seen." };
    private static readonly Option<string?> Scores = new("--scores") { HelpName = "FILE", Description = "Raw scores instead of pictures: CSV score[,label], or JSON of evaluate or edge-agent inspect. Label: good, or a defect's name; none in production." };
    private static readonly Option<string?> Journal = new("--journal") { HelpName = "FILE", Description = "The agent's journal: what a threshold would have done to the parts it inspected." };
    private static readonly Option<string?> Station = new("--station") { HelpName = "NAME", Description = "Of --journal, only this station's parts." };
    private static readonly Option<int?> Last = new("--last") { HelpName = "N", Description = "Only the last N parts of --scores or --journal." };
    private static readonly Option<string?> Method = new("--method") { HelpName = "NAME", Description = "youden, f1-max, nearest-corner (to FPR 0, TPR 1), max-fpr, max-fnr, min-cost, or split-conformal (normal parts only)." };
    private static readonly Option<double?> Threshold = new("--threshold") { HelpName = "SCORE", Description = "This raw score, instead of a method.", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<double?> MaxFprRate = new("--max-fpr", "--false-reject-rate") { HelpName = "RATE", Description = "For max-fpr (default 0.01) and split-conformal (default 0.01, or the strictest the parts allow).", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<double?> MaxFnrRate = new("--max-fnr") { HelpName = "RATE", Description = "For max-fnr. Default: 0, no anomalous part is accepted.", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<double?> CostEscape = new("--cost-escape") { HelpName = "X", Description = "For min-cost: price of an anomalous part that is accepted.", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<double?> CostOverkill = new("--cost-overkill") { HelpName = "Y", Description = "For min-cost: price of a normal part that is rejected.", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<double?> Prevalence = new("--prevalence") { HelpName = "P", Description = "For min-cost: share of anomalous parts on the line.", CustomParser = CalibrationArguments.Rate };
    private static readonly Option<string?> Review = new("--review") { HelpName = "SPEC", Description = "Review band below the threshold, from where at most that share of anomalous parts is accepted unseen (fnr=RATE), of normal parts is not accepted (fpr=RATE), from a raw score, or none." };
    private static readonly Option<string?> Pixel = new("--pixel") { HelpName = "SPEC", Description = "Pixel threshold, for display: a method, max-fpr=RATE (default 0.001; normal pixels are enough), max-fnr=RATE, a raw map value, or none." };
    private static readonly Option<bool> All = new("--all") { Description = "A table of what every method would choose; publishes nothing. Without costs: an escape is 100 overkills, 1 % anomalous." };
    private static readonly Option<bool> Markdown = new("--markdown") { Description = "With --all: the table as Markdown." };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Say what would change, publish nothing." };
    private static readonly Option<bool> NoCurrent = new("--no-current") { Description = "Publish the new version without making it the current one." };
    private static readonly Option<int> Threads = new("--threads") { HelpName = "N", Description = "Threads of ONNX Runtime; 0 = all cores." };
    private static readonly Option<bool> Strict = new("--strict") { Description = "Stop at a picture that can't be read instead of leaving it out." };
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON document on stdout; everything else goes to stderr." };

    public static Command Create()
    {
        Command command = new("calibrate", """
            Chooses the threshold of a package anew, on raw scores (score >= threshold rejects), and says what it promises and what changes.
            Packages are immutable: the result is a new version with the same graph. Without a method or anything else to change it
            only says what the package's threshold does to the parts.

            Examples:
              edge-trainer calibrate --package models/flange --data samples --all
              edge-trainer calibrate --package models/flange --data samples --method max-fnr --pixel f1-max
              edge-trainer calibrate --package models/flange --data samples --method youden --review fnr=0 --dry-run
              edge-trainer calibrate --package models/flange --data samples --method min-cost --cost-escape 200 --cost-overkill 3 --prevalence 0.002
              edge-trainer calibrate --package models/flange --data new-normals --method split-conformal --max-fpr 0.02
              edge-trainer calibrate --package models/flange --scores production.csv --threshold 1.25 --dry-run
              edge-trainer calibrate --package models/flange --journal /var/lib/edge/journal.db --last 10000 --threshold 1.25 --dry-run
            """)
        { PackageFolder, Data, Scores, Journal, Station, Last, Method, Threshold, MaxFprRate, MaxFnrRate, CostEscape, CostOverkill, Prevalence, Review, Pixel, All, Markdown, DryRun, NoCurrent, Threads, Strict, Json };
        command.SetAction((parsed, ct) => Task.Run(() => Run(parsed, ct), ct));
        return command;
    }

    private static int Run(ParseResult parsed, CancellationToken ct)
    {
        bool json = parsed.GetValue(Json), all = parsed.GetValue(All);
        Terminal terminal = new(json);
        CostModel? costs = Costs(parsed);
        CalibrationRequest request = Request(parsed, costs);
        if (all && !request.ChangesNothing) throw new EdgeException("--all compares the methods and changes nothing: leave out --method, --threshold, --review and --pixel.");
        Package package = PackageStore.OpenAny(parsed.GetRequiredValue(PackageFolder));
        bool publish = !all && !request.ChangesNothing && !parsed.GetValue(DryRun);
        if (publish) CalibrationPublisher.StoreOf(package);   // no place for a new version: say so before the work
        CalibrationSource source = Source(parsed, package, terminal, ct);
        if (all && source.Pictures.Count == 0) throw new EdgeException("--all needs labelled parts: give --data, or --scores with labels.");
        IReadOnlyList<MethodRow>? methods = !all ? null : CalibrationRun.All(source, new ThresholdRequest
        {
            Method = Youden,
            MaxFpr = parsed.GetValue(MaxFprRate),
            MaxFnr = parsed.GetValue(MaxFnrRate),
            Costs = costs ?? UsualCosts,
        });
        CalibrationResult result = CalibrationRun.Execute(package, source, request);
        ct.ThrowIfCancellationRequested();
        int? current = publish ? CalibrationPublisher.StoreOf(package).Current(package.Manifest.Name) : null;
        Package? published = publish
            ? CalibrationPublisher.Publish(package, result.Calibration, result.Evaluation, source, !parsed.GetValue(NoCurrent), TimeProvider.System.GetUtcNow()) : null;
        if (methods is not null) CalibrationTables.WriteAll(terminal, package, methods, result.Before, parsed.GetValue(Markdown));
        else CalibrationTables.Write(terminal, package, published, current, source, result, request);
        if (json) Console.Out.WriteLine(CalibrationDocument.Of(package, published, source, result, methods).ToJson());
        return 0;
    }

    private static CalibrationSource Source(ParseResult parsed, Package package, Terminal terminal, CancellationToken ct)
    {
        (string? data, string? scores, string? journal, int? last) = (parsed.GetValue(Data), parsed.GetValue(Scores), parsed.GetValue(Journal), parsed.GetValue(Last));
        if (new[] { data, scores, journal }.Count(s => s is not null) > 1) throw new EdgeException("--data, --scores and --journal are sources of scores: give one.");
        if (last is not null && scores is null && journal is null) throw new EdgeException("--last N is about the parts of --scores or --journal.");
        if (parsed.GetValue(Station) is not null && journal is null) throw new EdgeException("--station is about the parts of --journal.");
        if (last is < 1) throw new EdgeException($"--last is {last}; it must be at least 1.");
        int threads = Arguments.InRange("--threads", parsed.GetValue(Threads), 0, 1024);
        if (data is not null) return CalibrationSource.OfPictures(package, data, threads, parsed.GetValue(Strict), terminal, ct);
        if (scores is not null) return CalibrationSource.OfFile(scores, last);
        if (journal is not null) return CalibrationSource.OfJournal(package, journal, parsed.GetValue(Station), last);
        // A threshold or band given as a number needs no scores.
        bool told = parsed.GetValue(Method) is null && !parsed.GetValue(All) && (parsed.GetValue(Threshold) ?? (object?)parsed.GetValue(Review) ?? parsed.GetValue(Pixel)) is not null;
        return told ? CalibrationSource.Nothing : throw new EdgeException("Scores are needed: --data DIR with pictures, --scores FILE, or the agent's --journal FILE.");
    }

    private static CalibrationRequest Request(ParseResult parsed, CostModel? costs)
    {
        (string? method, double? threshold, string? review, string? pixel) = (parsed.GetValue(Method), parsed.GetValue(Threshold), parsed.GetValue(Review), parsed.GetValue(Pixel));
        if (method is not null && threshold is not null) throw new EdgeException("--method chooses the threshold, --threshold gives it: use one.");
        ThresholdRequest? request = (method ?? (threshold is null ? null : Fixed)) is not { } name ? null : new ThresholdRequest
        {
            Method = name,
            MaxFpr = parsed.GetValue(MaxFprRate),
            MaxFnr = parsed.GetValue(MaxFnrRate),
            Costs = costs,
            Threshold = (float?)threshold,
        }.Check();
        return new CalibrationRequest(
            request,
            review is null ? null : CalibrationArguments.Review(review), review == CalibrationArguments.None,
            pixel is null ? null : CalibrationArguments.Pixel(pixel, costs), pixel == CalibrationArguments.None);
    }

    /// <summary>All three or none.</summary>
    private static CostModel? Costs(ParseResult parsed) => (parsed.GetValue(CostEscape), parsed.GetValue(CostOverkill), parsed.GetValue(Prevalence)) switch
    {
        (null, null, null) => null,
        ({ } escape, { } overkill, { } prevalence) => new CostModel(escape, overkill, prevalence).Check(),
        _ => throw new EdgeException("--cost-escape, --cost-overkill and --prevalence belong together: give all three."),
    };
}
