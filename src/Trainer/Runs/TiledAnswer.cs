using Edge.Imaging;
using Edge.Training.Methods;
using TorchSharp;

namespace Edge.Training.Runs;

/// <summary>The training framework's answer about a picture that is inspected in tiles: each tile by itself, to hold the batch of ONNX Runtime against.</summary>
internal static class TiledAnswer
{
    public static Func<torch.Tensor, (torch.Tensor Score, torch.Tensor Map)> Of(DetectionMethod method, InputSpec input)
    {
        if (input.Tiles is null) return method.Score;
        TileGrid grid = new(input);
        return image =>
        {
            float[] maps = new float[grid.Count * grid.TileHeight * grid.TileWidth], map = new float[input.Height * input.Width];
            float score = float.NegativeInfinity;
            for (int tile = 0; tile < grid.Count; tile++)
            {
                using DisposeScope scope = torch.NewDisposeScope();
                (int x, int y) = grid[tile];
                (torch.Tensor one, torch.Tensor its) = method.Score(image.narrow(1, y, grid.TileHeight).narrow(2, x, grid.TileWidth).contiguous());
                score = Math.Max(score, one.item<float>());
                its.Values<float>().CopyTo(maps, tile * grid.TileHeight * grid.TileWidth);
            }
            grid.Stitch(maps, map);
            return (torch.tensor(new[] { score }), torch.from_array(map).reshape(1, input.Height, input.Width));
        };
    }
}
