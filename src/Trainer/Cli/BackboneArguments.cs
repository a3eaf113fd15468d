using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Edge.Training.Backbones;
using Edge.Training.Backbones.Store;

namespace Edge.Training.Cli;

/// <summary>Which trunk the methods build on.</summary>
internal static class BackboneArguments
{
    private static readonly Option<string?> Weights = new("--backbone") { HelpName = "FILE|NAME", Description = "Weights (.safetensors, .pth; torchvision names) of a ResNet, Wide-ResNet, ResNeXt or MobileNetV2, a name of edge-trainer backbones, or a network of your own (.onnx, with --layers). Default: the embedded half-width ResNet-18." };
    private static readonly Option<string?> Layers = new("--layers") { HelpName = "NAME,NAME[,NAME]", Description = "Custom network: outputs or inner values that are its feature maps. PatchCore uses the two coarsest." };
    private static readonly Option<float[]?> Mean = new("--mean") { HelpName = "R,G,B", Description = "Network (.onnx): its input is (RGB / 255 - mean) / std. Default: the file's metadata, or ImageNet's.", CustomParser = a => Numbers(a, above: double.NegativeInfinity) };
    private static readonly Option<float[]?> StandardDeviation = new("--std") { HelpName = "R,G,B", Description = "Network (.onnx): see --mean. For an input of 0 to 255: --mean 0,0,0 --std 0.00392157,0.00392157,0.00392157.", CustomParser = a => Numbers(a, above: 0) };

    public static IReadOnlyList<Option> Options { get; } = [Weights, Layers, Mean, StandardDeviation];

    public static void AddTo(Command command)
    {
        foreach (Option option in Options) command.Add(option);
    }

    public static void AddNormalisationTo(Command command)
    {
        foreach (Option option in (Option[])[Mean, StandardDeviation]) command.Add(option);
    }

    /// <exception cref="EdgeException">The file can't be a trunk, or there is none.</exception>
    public static Backbone Load(ParseResult parsed)
    {
        (float[]? mean, float[]? deviation) = NormalisationOf(parsed);
        string[] layers = parsed.GetValue(Layers)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
        return Load(parsed.GetValue(Weights), new BackboneOptions(layers, mean, deviation));
    }

    /// <param name="weights">A file, or a name of the store; null = the embedded trunk.</param>
    public static Backbone Load(string? weights, BackboneOptions? options = null)
    {
        if (weights is null) return Backbone.Load(null, options);
        (string path, string name) = BackboneStore.Usual().Resolve(weights);
        return Backbone.Load(path, options, name);
    }

    public static (float[]? Mean, float[]? StandardDeviation) NormalisationOf(ParseResult parsed) => (Given(parsed, Mean), Given(parsed, StandardDeviation));

    // An array that was not given is empty, not null.
    private static float[]? Given(ParseResult parsed, Option<float[]?> option) => parsed.GetValue(option) is { Length: > 0 } numbers ? numbers : null;

    /// <summary>Three numbers, for the colours.</summary>
    public static float[]? Numbers(ArgumentResult argument, double above)
    {
        string text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        float[] numbers = [.. text.Split(',').Select(t => float.TryParse(t, NumberStyles.Float, CultureInfo.InvariantCulture, out float number) ? number : float.NaN)];
        if (numbers.Length == 3 && numbers.All(n => float.IsFinite(n) && n > above)) return numbers;
        argument.AddError($"{argument.Argument.Name} '{text}' is not understood; use three numbers, R,G,B{(above == 0 ? ", above 0" : "")}.");
        return null;
    }
}
