using static TorchSharp.torch;

namespace Edge.Training.Methods.EfficientAd;

/// <summary>What is trained: a student, whose first outputs meet the teacher and whose others the autoencoder, and the autoencoder.</summary>
internal sealed class EfficientAdNetwork : nn.Module
{
    private readonly PatchDescriptionNetwork student;
    private readonly Autoencoder autoencoder;

    /// <summary>C: the teacher's outputs.</summary>
    public int Outputs { get; }

    public PatchDescriptionNetwork Student => student;
    public Autoencoder Autoencoder => autoencoder;

    public EfficientAdNetwork(PdnShape teacher, int height, int width, int seed) : base(nameof(EfficientAdNetwork))
    {
        Random random = new(seed);
        Outputs = teacher.Outputs;
        student = new PatchDescriptionNetwork(teacher.WithOutputs(2 * Outputs), random);
        autoencoder = new Autoencoder(height, width, Outputs, random);
        RegisterComponents();
    }

    /// <summary>The student's outputs that meet the teacher.</summary>
    public Tensor Local(Tensor image) => student.Part(image, 0, Outputs);

    /// <summary>The student's outputs that meet the autoencoder.</summary>
    public Tensor Global(Tensor image) => student.Part(image, Outputs, 2 * Outputs);

    /// <summary>Raw maps (section 3.4): mean squared difference over channels of teacher and student, and of autoencoder and student.</summary>
    /// <param name="image">[N, 3, H, W], normalised.</param>
    /// <param name="teacher">[N, C, H/4, W/4], standardised.</param>
    /// <returns>[N, 1, H/4, W/4] each.</returns>
    public (Tensor Local, Tensor Global) Maps(Tensor image, Tensor teacher)
    {
        Tensor[] halves = student.call(image).chunk(2, dim: 1);
        return ((teacher - halves[0]).square().mean([1], keepdim: true), (autoencoder.call(image) - halves[1]).square().mean([1], keepdim: true));
    }
}
