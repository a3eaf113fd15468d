using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.RegularExpressions;
using Edge.Imaging;

namespace Edge.Training.Cli;

/// <summary>Values of options that are more than a number.</summary>
internal static partial class Arguments
{
    /// <summary>256 or 640x480.</summary>
    public static InputSpec? Size(ArgumentResult argument)
    {
        if (SizePattern().Match(Text(argument)) is { Success: true } m && Number(m.Groups[1].Value) is { } width
            && (m.Groups[2].Success ? Number(m.Groups[2].Value) : width) is { } height && Math.Max(width, height) <= 8192)
            return new InputSpec { Width = width, Height = height };
        argument.AddError($"{(argument.Parent as OptionResult)?.Option.Name} '{Text(argument)}' is not understood; use 256 or 640x480, at most 8192.");
        return null;
    }

    /// <summary>X,Y,W,H.</summary>
    public static Roi? Roi(ArgumentResult argument)
    {
        int?[] numbers = [.. Text(argument).Split(',').Select(Number)];
        if (numbers is [{ } x, { } y, > 0 and var width, > 0 and var height]) return new Roi(x, y, width, height);
        argument.AddError($"--roi '{Text(argument)}' is not understood; use X,Y,WIDTH,HEIGHT in camera pixels.");
        return null;
    }

    /// <summary>X,Y X,Y X,Y;…, checked.</summary>
    public static string? Mask(ArgumentResult argument)
    {
        try
        {
            FrameMask.Parse(Text(argument));
            return Text(argument);
        }
        catch (EdgeException e)
        {
            argument.AddError($"--mask: {e.Message}");
            return null;
        }
    }

    /// <summary>1000000, 512KiB, 64MiB, 1GiB.</summary>
    public static long? Bytes(ArgumentResult argument)
    {
        Match m = BytesPattern().Match(Text(argument));
        int shift = m.Groups[2].Value switch { "" or "B" => 0, "KiB" => 10, "MiB" => 20, _ => 30 };
        if (m.Success && Number(m.Groups[1].Value) is { } number) return (long)number << shift;
        argument.AddError($"--memory '{Text(argument)}' is not understood; use e.g. 512KiB, 64MiB or 1GiB.");
        return null;
    }

    /// <exception cref="EdgeException">Outside.</exception>
    public static int InRange(string option, int value, int low, int high) =>
        value >= low && value <= high ? value : throw new EdgeException($"{option} is {value}; it must be {low} to {high}.");

    [GeneratedRegex("^([0-9]+)(?:x([0-9]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex SizePattern();

    [GeneratedRegex("^([0-9]+) ?(B|KiB|MiB|GiB)?$", RegexOptions.CultureInvariant)]
    private static partial Regex BytesPattern();

    private static string Text(ArgumentResult argument) => argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : null;
}
