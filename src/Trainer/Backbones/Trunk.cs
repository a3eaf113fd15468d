namespace Edge.Training.Backbones;

/// <summary>
/// A frozen feature extractor: RGB picture in, two or three feature maps out, finest first. The last three are called layer1, layer2 and
/// layer3; in every built-in architecture they are at 1/4, 1/8 and 1/16 of the image (rounded up).
/// </summary>
internal abstract class Trunk(string architecture, Normalisation input, IReadOnlyList<TrunkFeature> features)
{
    /// <summary>For people: ResNet-18, MobileNetV2, …</summary>
    public string Architecture { get; } = architecture;

    /// <summary>What the weights were trained with.</summary>
    public Normalisation Input { get; } = input;

    public IReadOnlyList<TrunkFeature> Features { get; } = features;

    public TrunkFeature Layer1 => Features[^3];
    public TrunkFeature Layer2 => Features[^2];
    public TrunkFeature Layer3 => Features[^1];

    /// <summary>The only picture size it takes; null where any.</summary>
    public virtual (int Height, int Width)? FixedSize => null;

    /// <summary>Rows and columns of each feature map, in the order of <see cref="Features"/>.</summary>
    /// <exception cref="EdgeException">The network does not take pictures of this size.</exception>
    public abstract IReadOnlyList<Grid> GridsOf(int height, int width);
}

internal sealed record TrunkFeature(string Name, int Channels);

/// <summary>Rows and columns of a feature map.</summary>
internal readonly record struct Grid(int Height, int Width)
{
    public int Places => Height * Width;
}

/// <summary>The network sees (RGB / 255 − mean) / standard deviation, channel by channel.</summary>
internal sealed record Normalisation(IReadOnlyList<float> Mean, IReadOnlyList<float> StandardDeviation)
{
    /// <summary>ImageNet's statistics: torchvision's and timm's models.</summary>
    public static Normalisation ImageNet { get; } = new([0.485f, 0.456f, 0.406f], [0.229f, 0.224f, 0.225f]);
}
