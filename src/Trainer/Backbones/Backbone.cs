using Edge.Packages;

namespace Edge.Training.Backbones;

/// <summary>Feature extractor of the methods: a trunk and where its weights came from.</summary>
internal sealed record Backbone(Trunk Trunk, BackboneInfo Info)
{
    private const string Embedded = "edge18";

    /// <summary>Loads <paramref name="path"/>, or the embedded half-width trunk when it is null.</summary>
    /// <param name="name">To call it by; null = the file's.</param>
    /// <exception cref="EdgeException">The file is missing, truncated, or not of a known architecture.</exception>
    public static Backbone Load(string? path, BackboneOptions? options = null, string? name = null)
    {
        if (path is not null && IsNetwork(path))
        {
            OnnxTrunk custom = OnnxTrunk.Open(path, options?.Layers ?? [], options?.Mean, options?.StandardDeviation);
            return new Backbone(custom, new BackboneInfo(name ?? Path.GetFileNameWithoutExtension(path), custom.Network.Sha256));
        }
        if (options is { Layers.Count: > 0 } or { Mean: not null } or { StandardDeviation: not null })
            throw new EdgeException("--layers, --mean and --std belong to a custom network: --backbone FILE.onnx.");
        WeightsFile file = path is null ? Safetensors.OpenEmbedded(Embedded) : WeightsFile.Open(path);
        return new Backbone(Read(file), new BackboneInfo(path is null ? Embedded : name ?? Path.GetFileNameWithoutExtension(path), file.Sha256));
    }

    /// <summary>A network of the user's own, not weights of a known architecture.</summary>
    public static bool IsNetwork(string path) => Path.GetExtension(path).Equals(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Tells the architecture by the tensors' names.</summary>
    /// <exception cref="EdgeException">None is known by these names, or a tensor is missing or has another shape.</exception>
    internal static OperatorTrunk Read(WeightsFile file) =>
        ResNet.Recognises(file) ? ResNet.Read(file)
        : MobileNetV2.Recognises(file) ? MobileNetV2.Read(file)
        : throw new EdgeException($"Weights file {file.Name} is refused: by its tensors' names it is neither a ResNet nor a MobileNetV2 (torchvision's names: conv1.weight and layer1.0.conv1.weight, or features.0.0.weight).");
}

/// <summary>What a custom network needs besides its file.</summary>
/// <param name="Layers">Values of the network that are features.</param>
/// <param name="Mean">RGB over 255; null = what the network's metadata say, or ImageNet's.</param>
internal sealed record BackboneOptions(IReadOnlyList<string> Layers, IReadOnlyList<float>? Mean, IReadOnlyList<float>? StandardDeviation);
