using Edge.Packages;
using Edge.Training.Backbones;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>A PDN's weights and where they came from.</summary>
internal sealed record Teacher(Safetensors File, BackboneInfo Info)
{
    private const string Embedded = "pdn-small";

    /// <summary>Loads <paramref name="path"/>, or the embedded teacher when it is null.</summary>
    /// <exception cref="EdgeException">The file is missing, truncated, or holds no PDN.</exception>
    public static Teacher Load(string? path)
    {
        Safetensors file = path is null ? Safetensors.OpenEmbedded(Embedded) : Safetensors.Open(path);
        PdnShape.Of(file);
        return new Teacher(file, new BackboneInfo(path is null ? Embedded : Path.GetFileNameWithoutExtension(path), file.Sha256));
    }
}
