namespace Edge.Synthetic;

/// <summary>What is wrong with a rendered part. The lower-case name is the folder of the data set.</summary>
public enum Defect
{
    None = 0,

    /// <summary>A furrow across the machining marks.</summary>
    Scratch,

    /// <summary>A shallow bowl; seen by its shading only.</summary>
    Dent,

    /// <summary>A bolt hole that was not drilled, not drilled through, drilled too small, or not chamfered.</summary>
    Hole,

    /// <summary>Material standing out from an edge, or broken out of it.</summary>
    Burr,

    /// <summary>Rust, oil or dried coolant.</summary>
    Stain,

    /// <summary>A fibre, a curl of swarf or grit lying on the part.</summary>
    Contamination,
}

/// <summary>What was rendered.</summary>
/// <param name="Index">Number of the part.</param>
/// <param name="Variant">Kind of the defect, e.g. <c>rust</c>; empty for a normal part.</param>
/// <param name="Severity">0 hardly visible to 1 obvious; 0 for a normal part.</param>
/// <param name="DefectPixels">Pixels of the mask that are set.</param>
public readonly record struct PartInfo(int Index, Defect Defect, string Variant, float Severity, int DefectPixels);
