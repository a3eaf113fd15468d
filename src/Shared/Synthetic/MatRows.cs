using OpenCvSharp;

namespace Edge.Synthetic;

internal static class MatRows
{
    /// <summary>One row of a plane, without a copy or an allocation.</summary>
    public static unsafe Span<T> RowAs<T>(this Mat mat, int y) where T : unmanaged => new((void*)mat.Ptr(y), mat.Cols);
}
