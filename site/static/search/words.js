/* What readers write, and what the book says. Left: as typed, in small
   letters; right: the words that are looked for besides. */
'use strict';
globalThis.d2lWords = {
  chinese: {
    卷积神经网络: 'convolutional network', 卷积: 'convolution', 互相关: 'cross-correlation', 卷积核: 'kernel', 滤波器: 'filter', 特征图: 'feature map',
    感受野: 'receptive field', 填充: 'padding', 步幅: 'stride', 步长: 'stride', 通道: 'channels', 空洞卷积: 'dilation', 膨胀: 'dilation',
    分组卷积: 'groups', 深度可分离: 'depthwise-separable', 转置卷积: 'transposed convolution', 反卷积: 'transposed convolution',
    上采样: 'upsampling', 下采样: 'downsampling', 池化: 'pooling', 汇聚: 'pooling', 最大池化: 'max pooling', 最大汇聚: 'max pooling',
    平均池化: 'average pooling', 全局平均池化: 'global average pooling', 批量规范化: 'batch norm', 批量归一化: 'batch norm', 批归一化: 'batch norm', 层归一化: 'layer norm',
    激活函数: 'activation functions', 全连接: 'fully connected', 线性层: 'linear layer', 残差: 'residual', 残差块: 'residual block', 跳跃连接: 'shortcut', 稠密: 'dense',
    稠密块: 'dense block', 过渡层: 'transition layers', 增长率: 'growth rate', 反向传播: 'backward pass', 梯度: 'gradient', 梯度检验: 'gradient check', 梯度消失: 'vanishing gradient',
    损失函数: 'loss', 交叉熵: 'cross entropy', 学习率: 'learning rate', 学习率衰减: 'learning-rate decay', 小批量: 'minibatch', 轮数: 'epochs',
    过拟合: 'overfitting', 欠拟合: 'underfitting', 正则化: 'regularization', 权重衰减: 'weight decay', 暂退法: 'dropout', 丢弃法: 'dropout',
    数据增强: 'data augmentation', 数据增广: 'data augmentation', 图像增广: 'data augmentation', 微调: 'fine-tuning', 预训练: 'pretrained', 迁移学习: 'fine-tuning', 数据集: 'data set', 数据加载: 'loading data DataLoader',
    边缘检测: 'edge detection', 平移: 'translation', 等变: 'equivariance', 参数共享: 'parameter sharing', 稀疏: 'sparse', 可视化: 'feature maps saliency',
    显著图: 'saliency', 类激活图: 'class activation maps', 遮挡: 'occlusion', 混合精度: 'mixed precision bf16', 量化: 'quantization', 分布式训练: 'DistributedDataParallel',
    导出: 'export', 张量: 'tensor', 形状: 'shapes', 习题: 'exercises', 练习: 'exercises', 答案: 'solutions', 术语: 'glossary', 符号: 'notation', 调试: 'clinic debugging', 报错: 'clinic error',
  },
  synonyms: {
    'vanishing gradient': 'sigmoid activation functions gradient vanish', 'vanishing gradients': 'sigmoid activation functions gradient vanish',
    batchnorm: 'batch norm', batchnormalization: 'batch norm', 'batch normalization': 'batch norm', bn: 'batch norm', layernorm: 'layer norm', groupnorm: 'group norm',
    resnet: 'residual', 'skip connection': 'shortcut residual', deconvolution: 'transposed convolution', deconv: 'transposed convolution',
    convtranspose: 'transposed convolution', convtranspose2d: 'transposed convolution', atrous: 'dilation',
    'dilated convolution': 'dilation', backprop: 'backward pass', backpropagation: 'backward pass', 'data augmentation': 'augmentation',
    'transfer learning': 'fine-tuning', finetuning: 'fine-tuning', finetune: 'fine-tuning', pretrained: 'pretrained fine-tuning', lr: 'learning rate', scheduler: 'learning-rate decay scheduler',
    'mean pooling': 'average pooling', maxpool: 'max pooling', maxpool2d: 'max pooling', avgpool: 'average pooling', gap: 'global average pooling', 'pointwise convolution': '1x1 convolution',
    heatmap: 'class activation Grad-CAM', cam: 'Grad-CAM', amp: 'mixed precision', fp16: 'mixed precision bf16', ddp: 'DistributedDataParallel', 'multi gpu': 'DistributedDataParallel', int8: 'quantization eight bits', gpu: 'GPU',
    mobilenet: 'depthwise-separable', 'separable convolution': 'depthwise-separable', 'output shape': 'output size', 'output dimension': 'output size', 'conv arithmetic': 'output size stride',
    'confusion matrix': 'mistakes mixed up', nan: 'nan loss learns badly', 'not learning': 'learns badly first loss', 'loss does not decrease': 'learns badly first loss eight images by heart', 'loss not decreasing': 'learns badly first loss eight images by heart',
    'weight sharing': 'parameter sharing', 'translation invariance': 'equivariance translation', googlenet: 'Inception GoogLeNet', densenet: 'dense', mlp: 'hidden layer MLP', 'class imbalance': 'unbalanced samplers', imbalanced: 'unbalanced samplers',
    neuron: 'unit', filter: 'kernel', filters: 'kernel filters', bibtex: 'cite', licence: 'license', tflite: 'ONNX', debug: 'clinic', error: 'clinic',
  },
  stop: 'a an and are as at be by can do does for from how i if in is it my not of on or that the this to was what when where which why with you your me we should there have has get use using'.split(' '),
};
