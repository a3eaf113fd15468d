using System.CommandLine.Parsing;
using System.Globalization;
using Edge.Scoring;

namespace Edge.Agent.Cli;

/// <summary>Two numbers: LOW,HIGH.</summary>
internal static class RangeArgument
{
    public static ValueRange? Parse(ArgumentResult argument)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        float[] numbers = [.. text.Split(',').Select(t => float.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out float n) ? n : float.NaN)];
        if (numbers is [var low, var high] && low < high) return new ValueRange(low, high);
        argument.AddError($"'{text}' is not understood; two ascending numbers are needed, such as 1,99.");
        return null;
    }
}
