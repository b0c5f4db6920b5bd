using Orleans;
namespace Granary.OrleansTests;

public interface IEchoGrain : IGrainWithStringKey
{
    Task Nothing();

    ValueTask NothingByValue();

    Task<string> Text(string text);

    ValueTask<int> Number(int number);
}

public sealed class EchoGrain : Grain, IEchoGrain
{
    public Task Nothing() => Task.CompletedTask;

    public async ValueTask NothingByValue() => await Task.Yield();

    public Task<string> Text(string text) => Task.FromResult($"{this.GetPrimaryKeyString()}:{text}");

    public ValueTask<int> Number(int number) => new(number + 1);
}
