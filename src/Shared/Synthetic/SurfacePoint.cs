namespace Edge.Synthetic;

/// <summary>What the part is at one point, before light falls on it.</summary>
internal struct SurfacePoint
{
    /// <summary>0 belt … 1 metal; between on an edge (antialiasing).</summary>
    public float Cover;

    /// <summary>Light on the belt where it shows, 0 … 1: less beside the part and under its holes.</summary>
    public float BeltLight;

    /// <summary>Height over x and y, pixel per pixel.</summary>
    public float SlopeX, SlopeY;

    /// <summary>Direction of the machining marks, a unit vector in the plane.</summary>
    public float MarkX, MarkY;

    /// <summary>Roughness (width of the reflection lobe) across and along the marks.</summary>
    public float Across, Along;

    /// <summary>Diffuse and specular reflectance.</summary>
    public float Diffuse, Specular;

    /// <summary>Fraction of the light that reaches the point, 0 … 1.</summary>
    public float Open;

    /// <summary>How much of the part's own machining marks show here, 0 … 1.</summary>
    public float Marks;
}
