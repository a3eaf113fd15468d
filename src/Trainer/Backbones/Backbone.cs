using Edge.Packages;

namespace Edge.Training.Backbones;

/// <summary>Feature extractor of the methods: a trunk and where its weights came from.</summary>
internal sealed record Backbone(ResNet18Trunk Trunk, BackboneInfo Info)
{
    private const string Embedded = "edge18";

    /// <summary>Loads <paramref name="path"/>, or the embedded half-width trunk when it is null.</summary>
    /// <exception cref="EdgeException">The file is missing, truncated, or not a ResNet-18 trunk.</exception>
    public static Backbone Load(string? path)
    {
        Safetensors file = path is null ? OpenEmbedded() : Safetensors.Open(path);
        return new Backbone(ResNet18Trunk.Read(file), new BackboneInfo(path is null ? Embedded : Path.GetFileNameWithoutExtension(path), file.Sha256));
    }

    private static Safetensors OpenEmbedded()
    {
        using Stream resource = typeof(Backbone).Assembly.GetManifestResourceStream($"{Embedded}.safetensors")
            ?? throw new InvalidOperationException($"{Embedded}.safetensors is not embedded.");
        byte[] bytes = new byte[resource.Length];
        resource.ReadExactly(bytes);
        return new Safetensors($"{Embedded}.safetensors", bytes);
    }
}
