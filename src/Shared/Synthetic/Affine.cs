using OpenCvSharp;

namespace Edge.Synthetic;

internal static class Affine
{
    /// <summary>
    /// Where a pixel of the picture comes from: rotation about (<paramref name="x"/>, <paramref name="y"/>) of the picture, which is
    /// (<paramref name="fromX"/>, <paramref name="fromY"/>) of the source. float64 [2, 3].
    /// </summary>
    public static void Set(Mat matrix, double cos, double sin, double x, double y, double fromX, double fromY)
    {
        Span<double> first = matrix.RowAs<double>(0), second = matrix.RowAs<double>(1);
        (first[0], first[1], first[2]) = (cos, sin, fromX - cos * x - sin * y);
        (second[0], second[1], second[2]) = (-sin, cos, fromY + sin * x - cos * y);
    }
}
