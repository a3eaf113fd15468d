using System.CommandLine.Parsing;
using System.Globalization;
using Edge.Training.Thresholds;

namespace Edge.Training.Cli;

/// <summary><c>--review</c> and <c>--pixel</c>: small languages of their own.</summary>
internal static class CalibrationArguments
{
    public const string None = "none";

    /// <summary>fnr=RATE, fpr=RATE, a score, or none; null means none.</summary>
    /// <exception cref="EdgeException">None of these.</exception>
    public static ReviewRequest? Review(string text) => text.Split('=') switch
    {
        [None] => null,
        ["fnr", var rate] when Number(rate) is { } r => new ReviewRequest(r, null, null),
        ["fpr", var rate] when Number(rate) is { } r => new ReviewRequest(null, r, null),
        [var score] when Number(score) is { } s => new ReviewRequest(null, null, (float)s),
        _ => throw new EdgeException($"--review '{text}' is not understood; use fnr=RATE, fpr=RATE, a raw score, or none."),
    };

    /// <summary>METHOD, max-fpr=RATE, max-fnr=RATE, a raw map value, or none; null means none.</summary>
    /// <exception cref="EdgeException">None of these.</exception>
    public static PixelRequest? Pixel(string text, CostModel? costs) => text.Split('=') switch
    {
        [None] => null,
        [ThresholdMethod.MaxFpr, var rate] when Number(rate) is { } r => new PixelRequest(new ThresholdRequest { Method = ThresholdMethod.MaxFpr, MaxFpr = r }, null),
        [ThresholdMethod.MaxFnr, var rate] when Number(rate) is { } r => new PixelRequest(new ThresholdRequest { Method = ThresholdMethod.MaxFnr, MaxFnr = r }, null),
        [var value] when Number(value) is { } v && float.IsFinite((float)v) => new PixelRequest(null, (float)v),
        [var method] when ThresholdMethod.All.Contains(method) =>
            new PixelRequest(new ThresholdRequest { Method = method, MaxFpr = PixelRequest.UsualFpr, Costs = costs }, null),
        _ => throw new EdgeException($"--pixel '{text}' is not understood; use one of {string.Join(", ", ThresholdMethod.All)} (max-fpr=RATE, max-fnr=RATE), a raw map value, or none."),
    };

    /// <summary>A number of an option, whatever the machine's language: a wrong one is a usage error.</summary>
    public static double? Rate(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (Number(text) is { } number) return number;
        argument.AddError($"'{text}' is not a number.");
        return null;
    }

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) ? number : null;
}
