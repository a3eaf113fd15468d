namespace Edge.Training.Methods.FastFlow;

/// <summary>The shape of the flows.</summary>
internal sealed record FastFlowOptions
{
    /// <summary>How many of the trunk's feature maps get a flow, the coarsest first; null = all. Texture that varies from part to part shows most in the finest.</summary>
    public int? Scales { get; init; }

    /// <summary>Flow steps for each scale; subnets alternate between 3×3 and 1×1 convolutions.</summary>
    public int Steps { get; init; } = 8;

    /// <summary>Hidden channels of a subnet over its input channels.</summary>
    public double HiddenRatio { get; init; } = 1;

    /// <summary>Standard deviation of the noise on standardised features, in training only.</summary>
    public double FeatureNoise { get; init; } = 0.2;

    public int Seed { get; init; }

    /// <exception cref="EdgeException">A value is out of range.</exception>
    public FastFlowOptions Check()
    {
        if (Scales < 1) throw new EdgeException($"--scales {Scales} must be 1 or more.");
        if (Steps is < 1 or > 64) throw new EdgeException($"--flow-steps {Steps} must be 1 to 64.");
        if (HiddenRatio is not (>= 0.05 and <= 4)) throw new EdgeException($"--hidden-ratio {HiddenRatio} must be 0.05 to 4.");
        if (FeatureNoise is not (>= 0 and <= 1)) throw new EdgeException($"--feature-noise {FeatureNoise} must be 0 to 1.");
        return this;
    }
}
