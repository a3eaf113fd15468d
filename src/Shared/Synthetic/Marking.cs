using OpenCvSharp;

namespace Edge.Synthetic;

/// <summary>What is marked on the part, as height in pixels: text engraved into the pad and a dot-peened data matrix opposite to it.</summary>
internal static class Marking
{
    /// <summary>Engraves into <paramref name="relief"/> (float32 [H, W], the part's centre at <paramref name="cx"/>, <paramref name="cy"/>).</summary>
    public static void Engrave(Mat relief, FlangeShape shape, float cx, float cy)
    {
        using Mat cut = new(relief.Rows, relief.Cols, MatType.CV_8UC1, Scalar.Black);
        float s = shape.Scale;
        (float px, float py, _, _) = shape.Pad;
        Text("FL-440", -6, 1.05);
        Text("6082 T6", 27, 0.85);
        DataMatrix();
        using Mat depth = new();
        cut.ConvertTo(depth, MatType.CV_32F, -2.8 * Math.Min(1, s) / 255);
        Cv2.GaussianBlur(depth, depth, new Size(0, 0), Math.Max(0.7, 0.85 * s));
        Cv2.Add(relief, depth, relief);

        void Text(string text, float down, double size)
        {
            int thickness = Math.Max(1, (int)Math.Round(3 * s));
            Size extent = Cv2.GetTextSize(text, HersheyFonts.HersheySimplex, size * s, thickness, out _);
            Point at = new((int)(cx + px - extent.Width / 2f), (int)(cy + py + down * s));
            Cv2.PutText(cut, text, at, HersheyFonts.HersheySimplex, size * s, Scalar.White, thickness, LineTypes.AntiAlias);
        }

        // 14 × 14 modules: solid left and lower border, alternating right and upper one, and some content between.
        void DataMatrix()
        {
            const int Modules = 14;
            float pitch = 5.4f * s, left = cx - pitch * (Modules - 1) / 2, top = cy + 356 * s - pitch * (Modules - 1) / 2;
            for (int row = 0; row < Modules; row++)
            for (int column = 0; column < Modules; column++)
            {
                bool border = column == 0 || row == Modules - 1, clock = row == 0 ? column % 2 == 0 : column == Modules - 1 && row % 2 == 1;
                bool inner = row > 0 && column < Modules - 1 && Noise.Hash(column, row, 440) > 0;
                if (!border && !clock && !inner) continue;
                // Four bits of sub-pixel position: the needle does not hit the grid exactly.
                Point center = new(
                    (int)((left + column * pitch + 0.5f * Noise.Hash(column, row, 1)) * 16), (int)((top + row * pitch + 0.5f * Noise.Hash(column, row, 2)) * 16));
                Cv2.Circle(cut, center, (int)(1.7f * s * 16), Scalar.White, -1, LineTypes.AntiAlias, shift: 4);
            }
        }
    }
}
